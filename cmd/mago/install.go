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
	if err := a.installer().CheckCaller(); err != nil {
		return err
	}
	if err := a.checkSudoPlace(); err != nil {
		return err
	}
	if err := a.tellUnfinished(); err != nil {
		return err
	}
	releases, err := a.releases(ctx)
	if err != nil {
		return err
	}
	targets, err := a.targets(ctx, c.Modules)
	if err != nil {
		return a.unknownHere(err, releases)
	}
	return a.each(ctx, units(targets, a.foreseen(releases)), func(u *unit) error { return a.installBuilt(ctx, *u) })
}

// installBuilt installs a unit's package, after those of the modules that it was compiled against, as far as they are
// built: it may only recommend them.
func (a *app) installBuilt(ctx context.Context, u unit) error {
	if err := a.checkOwnName(u.target); err != nil {
		return err
	}
	r, ok := a.readRecord(u.name, u.kernel.Release)
	if !ok || !a.isWhole(r) || !u.made(r) {
		return a.notBuilt(u.name, u.kernel.Release)
	}
	for _, n := range r.Needed {
		need := unit{target{name: n.Module, asNeed: true, above: append(slices.Clip(u.above), u.name)}, u.kernel}
		built, ok := a.readRecord(n.Module, u.kernel.Release)
		if !ok || !a.hasDeb(built) || a.counts(a.installedPackage(need.packageName())) || slices.Contains(need.above, n.Module) {
			continue
		}
		if err := a.installBuilt(ctx, need); err != nil {
			return &neededError{u.String(), n.Module, err}
		}
	}
	return a.alone(ctx, u, "installed", func() error {
		if r, ok = a.readRecord(u.name, u.kernel.Release); !ok || !a.isWhole(r) {
			return a.notBuilt(u.name, u.kernel.Release) // another mago has removed or replaced it meanwhile
		}
		return a.install(ctx, u, r)
	})
}
