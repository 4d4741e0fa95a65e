package main

import (
	"context"
	"slices"
)

type installCommand struct{ moduleArgs }

// Run installs the packages built last.
func (c *installCommand) Run(a *app, ctx context.Context) error {
	c.apply(a)
	if err := a.host.mayChange("installing packages"); err != nil {
		return err
	}
	if err := a.apt.installer().CheckCaller(); err != nil {
		return err
	}
	if err := a.checkSudoPlace(); err != nil {
		return err
	}
	if err := a.prepare.tellUnfinished(); err != nil {
		return err
	}
	releases, err := a.kernels.releases(ctx)
	if err != nil {
		return err
	}
	targets, err := a.modules.targets(ctx, c.Modules)
	if err != nil {
		return a.install.unknownHere(err, releases)
	}
	return a.road.each(ctx, units(targets, a.kernels.foreseen(releases)), func(u *unit) error { return a.install.installBuilt(ctx, *u) })
}

// installBuilt installs a unit's package, after those of the modules that it was compiled against, as far as they are
// built: it may only recommend them.
func (it *installer) installBuilt(ctx context.Context, u unit) error {
	if err := it.modules.checkOwnName(u.target); err != nil {
		return err
	}
	r, ok := it.readRecord(u.name, u.kernel.Release)
	if !ok || !it.isWhole(r) || !u.made(r) {
		return it.notBuilt(u.name, u.kernel.Release)
	}
	for _, n := range r.Needed {
		need := unit{target{name: n.Module, asNeed: true, above: append(slices.Clip(u.above), u.name)}, u.kernel}
		built, ok := it.readRecord(n.Module, u.kernel.Release)
		if !ok || !it.hasDeb(built) || it.counts(it.pkgs.installedPackage(need.packageName())) || slices.Contains(need.above, n.Module) {
			continue
		}
		if err := it.installBuilt(ctx, need); err != nil {
			return &neededError{u.String(), n.Module, err}
		}
	}
	return it.build.alone(ctx, u, "installed", func() error {
		if r, ok = it.readRecord(u.name, u.kernel.Release); !ok || !it.isWhole(r) {
			return it.notBuilt(u.name, u.kernel.Release) // another mago has removed or replaced it meanwhile
		}
		return it.install(ctx, u, r)
	})
}
