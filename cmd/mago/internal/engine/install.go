package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"mago/cmd/mago/internal/store"
)

// addBuilt plans the installation of a unit's package after those of the modules that it was compiled against, as far as they
// are built: it may only recommend them.
func (it *installer) addBuilt(p *Plan, u unit) {
	if i := slices.IndexFunc(p.Units, func(other Unit) bool { return other.id() == u.id() }); i >= 0 {
		p.Units[i].asNeed = p.Units[i].asNeed && u.asNeed
		return
	}
	r, _ := it.store.Get(u.id())
	u.needed = nil
	for _, n := range r.Needed {
		need := unit{target{name: n.Module, asNeed: true, above: append(slices.Clip(u.above), u.name)}, u.Kernel}
		built, ok := it.store.Get(need.id())
		if !ok || !it.store.HasDeb(built) || it.usableInstalled(it.pkgs.installedPackage(need.packageName())) || slices.Contains(need.above, n.Module) {
			continue
		}
		it.addBuilt(p, need)
		u.needed = append(u.needed, need.target)
	}
	p.Units = append(p.Units, Unit{unit: u})
}

// installBuilt installs a unit's package, or only looks whether it is there.
func (it *installer) installBuilt(ctx context.Context, u unit, onlyLook bool) (result UnitResult, err error) {
	if err := it.modules.checkOwnName(u.target); err != nil {
		return result, err
	}
	r, ok := it.store.Get(u.id())
	if !ok || !it.store.IsWhole(r) || !u.isSourceOf(r) {
		return result, it.notBuilt(u.name, u.Kernel.Release)
	}
	result.State, result.Deb = ResultThere, r.Deb
	if onlyLook {
		return result, nil
	}
	err = it.build.withUnitLock(ctx, u, "installed", func() error {
		if r, ok = it.store.Get(u.id()); !ok || !it.store.IsWhole(r) {
			return it.notBuilt(u.name, u.Kernel.Release) // another mago has removed or replaced it meanwhile
		}
		installed, err := it.install(ctx, u, r)
		result.installed(installed)
		return err
	})
	return result, err
}

// install has dpkg install what was built; the unit's lock is held. A dry run looks for all that would be in the way of what is
// there. It reports whether dpkg had anything to do.
func (it *installer) install(ctx context.Context, u unit, built store.Record) (installed bool, err error) {
	if built.Deb == "" { // a dry run has built nothing
		it.wouldInstall(u)
		return false, nil
	}
	if !it.usable(built) {
		return false, &UnauthenticatedBuildError{built.Package, built.UnauthenticatedInputs()}
	}
	release := func() {}
	if built.Common != nil && !it.DryRun {
		if release, err = it.locks(it.Wait.Limit).Take(ctx, commonThing(u.name, "installed", true)); err != nil {
			return false, err
		}
	}
	defer release()
	installed, err = it.installAlone(ctx, u, built)
	if err == nil && installed {
		it.tellInstalled(ctx, u, built)
	}
	return installed, err
}

// tellInstalled says what else there is of a build's modules, and what to do next.
func (it *installer) tellInstalled(ctx context.Context, u unit, built store.Record) {
	it.tellOtherCopies(u.Kernel, built)
	if it.signs.isPending(u, built) {
		it.known.pending.Store(true)
		return
	}
	it.tellOutlook(ctx, u, built)
}

// installAlone looks at the system and has dpkg change it, unless there is nothing to do, while no other unit does.
func (it *installer) installAlone(ctx context.Context, u unit, built store.Record) (installed bool, err error) {
	it.known.system.Lock()
	defer it.known.system.Unlock()
	if now := it.build.keys.situation(u); now.isVery() {
		it.say.there("install", "%s %s is there: nothing to do", built.Package, now.have.Version)
		return false, nil
	}
	debs, coming, err := it.checked(ctx, u, built)
	if err != nil {
		return false, err
	}
	if it.DryRun {
		if err := it.apt.withCommand(it.apt.installer().Install(ctx, debs...), debs); err != nil {
			return false, fmt.Errorf("install %s: %w", built.Package, err)
		}
		it.wouldInstall(u)
		return false, nil
	}
	p := it.say.begin("install", built.Package)
	defer p.end()
	before := it.initramfses(u.Kernel.Release)
	in, said := it.apt.working(p)
	in.Before = func() error { return it.compare(coming) }
	err = it.apt.withCommand(in.Install(ctx, debs...), debs)
	it.forgetInstalled()
	if err := errors.Join(err, it.apt.noteUnchecked(said, nil)); err != nil {
		return false, fmt.Errorf("install %s: %w", built.Package, err)
	}
	if err := it.store.MarkInstalled(built.ID()); err != nil {
		return false, err
	}
	p.timed("dpkg: installed")
	it.tellRemade(before)
	return true, nil
}

// checked are the .debs that a build's installation takes, once nothing is in its way.
func (it *installer) checked(ctx context.Context, u unit, built store.Record) (debs []string, coming *arrival, err error) {
	claim, err := claimOf(built)
	if err == nil {
		err = it.claims.checkClaim(claim)
	}
	if err == nil {
		err = it.checkBuilt(u, built)
	}
	if err == nil {
		err = it.checkBootSpace(ctx, u, built)
	}
	if err != nil {
		return nil, nil, err
	}
	debs = slices.DeleteFunc([]string{built.Deb, it.commonToInstall(u, built)}, func(deb string) bool { return deb == "" })
	if err := it.checkDebs(built, debs); err != nil {
		return nil, nil, err
	}
	coming, err = it.arrive(built, debs)
	if err == nil {
		err = it.checkSourcePackage(ctx, built, debs)
	}
	if err == nil {
		err = it.announce(built, coming)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("install %s: %w", built.Package, err)
	}
	return debs, coming, nil
}

func (it *installer) wouldInstall(u unit) {
	it.say.note("install", "would install %s", u.packageName())
}
