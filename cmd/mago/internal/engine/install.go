package engine

import (
	"context"
	"mago/cmd/mago/internal/store"
	"slices"
)

// installBuilt installs a unit's package, after those of the modules that it was compiled against, as far as they are
// built: it may only recommend them.
func (it *installer) installBuilt(ctx context.Context, u unit) error {
	if err := it.modules.checkOwnName(u.target); err != nil {
		return err
	}
	r, ok := it.store.Get(u.id())
	if !ok || !it.store.IsWhole(r) || !u.isSourceOf(r) {
		return it.notBuilt(u.name, u.Kernel.Release)
	}
	for _, n := range r.Needed {
		need := unit{target{name: n.Module, asNeed: true, above: append(slices.Clip(u.above), u.name)}, u.Kernel}
		built, ok := it.store.Get(store.ID{Module: n.Module, Kernel: u.Kernel.Release})
		if !ok || !it.store.HasDeb(built) || it.usableInstalled(it.pkgs.installedPackage(need.packageName())) || slices.Contains(need.above, n.Module) {
			continue
		}
		if err := it.installBuilt(ctx, need); err != nil {
			return &neededError{u.String(), n.Module, err}
		}
	}
	return it.build.withUnitLock(ctx, u, "installed", func() error {
		if r, ok = it.store.Get(u.id()); !ok || !it.store.IsWhole(r) {
			return it.notBuilt(u.name, u.Kernel.Release) // another mago has removed or replaced it meanwhile
		}
		return it.install(ctx, u, r)
	})
}
