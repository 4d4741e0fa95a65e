package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"mago/cmd/mago/internal/store"
	"mago/debpkg/apt"
	"mago/sources/lock"
)

// parcel is a unit whose package is to be installed with others'.
type parcel struct {
	unit
	it     *installer // reports for the unit
	sum    string     // the SHA-256 of what this run has built or found; "" where it has only looked
	built  store.Record
	before string   // the version that was installed
	debs   []string // what dpkg is to install; nil where there is nothing to do
	coming *arrival
	done   bool // whether dpkg has installed it
	ended  bool // err says how
	err    error
}

func (p *parcel) end(err error) { p.ended, p.err = true, err }

// installAll installs what was built, with one run of dpkg for all of it. What that has not installed is installed alone, so
// that each failure is one unit's.
func (r *run) installAll(ctx context.Context) {
	parcels := r.parcels()
	if len(parcels) == 0 || ctx.Err() != nil {
		return
	}
	release, err := r.lockParcels(ctx, parcels)
	if err == nil {
		defer release()
		r.installOnce(ctx, parcels)
	}
	for _, p := range parcels {
		switch {
		case p.ended && p.err == nil && p.debs != nil:
			p.it.tellInstalled(ctx, p.unit, p.built)
			r.installed(p)
		case err == nil && !p.ended && ctx.Err() == nil:
			installed, err := p.it.install(ctx, p.unit, p.built)
			if p.end(err); installed {
				r.installed(p)
			}
		}
		if err := errors.Join(err, p.err); err != nil {
			r.end(ctx, Unit{unit: p.unit}, r.results[p.id()], r.WhoseFiles(err))
		}
	}
}

// installed takes down that a unit's package was installed.
func (r *run) installed(p *parcel) {
	r.lock.Lock()
	defer r.lock.Unlock()
	result := r.results[p.id()]
	result.installed(true)
	r.results[p.id()] = result
}

// parcels are the units whose packages are there.
func (r *run) parcels() (all []*parcel) {
	for _, u := range r.plan.Units {
		result, ended := r.results[u.id()]
		if !ended || result.Err != nil || u.There {
			continue
		}
		all = append(all, &parcel{unit: u.unit, it: r.Engine.of(u.id()).install, sum: result.sum})
	}
	return all
}

// lockParcels takes the locks of all units, and then those of their common files: whoever builds one of the units holds its lock
// and waits for the other.
func (r *run) lockParcels(ctx context.Context, parcels []*parcel) (release func(), err error) {
	var units, common []lock.Thing
	for _, p := range parcels {
		units = append(units, p.thing("installed"))
	}
	locks := r.locks(r.Wait.Limit)
	unlock, err := locks.Take(ctx, units...)
	if err != nil {
		return nil, err
	}
	for _, p := range parcels {
		if built, _ := r.store.Get(p.id()); built.Common != nil {
			common = append(common, commonThing(p.name, "installed", true))
		}
	}
	leave, err := locks.Take(ctx, common...)
	if err != nil {
		unlock()
		return nil, err
	}
	return func() { leave(); unlock() }, nil
}

// installOnce has dpkg install in one run what nothing is in the way of.
func (r *run) installOnce(ctx context.Context, parcels []*parcel) {
	r.known.system.Lock()
	defer r.known.system.Unlock()
	var together []*parcel
	for _, p := range parcels {
		if err := r.needInstalled(p, parcels); err != nil {
			p.end(err)
		} else if p.check(ctx); p.debs != nil && !slices.ContainsFunc(together, p.hasOtherCommon) {
			together = append(together, p)
		}
	}
	if len(together) < 2 {
		return
	}
	err := r.runDpkg(ctx, together)
	for _, p := range together {
		switch {
		case p.done:
			p.end(p.it.store.MarkInstalled(p.built.ID()))
		case errors.As(err, new(*apt.LockedError)) || ctx.Err() != nil:
			p.end(err)
		}
	}
}

// needInstalled is the error of a unit that needs one that could not be installed.
func (r *run) needInstalled(p *parcel, parcels []*parcel) error {
	for _, n := range p.needed {
		need := unit{n, p.Kernel}.id()
		i := slices.IndexFunc(parcels, func(other *parcel) bool { return other.id() == need })
		if i >= 0 && parcels[i].err != nil {
			return &neededError{p.String(), n.name, parcels[i].err}
		}
	}
	return nil
}

// check looks for what is in a package's way.
func (p *parcel) check(ctx context.Context) {
	now := p.it.build.keys.situation(p.unit)
	p.built, p.before = now.record, now.have.Version
	switch {
	case !now.recorded: // another mago has removed it meanwhile
		p.end(p.it.notBuilt(p.name, p.Kernel.Release))
	case p.sum != "" && p.sum != p.built.SHA256: // its lock was nobody's meanwhile
		p.end(fmt.Errorf("another process has built another package of %s meanwhile", p))
	case !p.it.usable(p.built):
		p.end(&UnauthenticatedBuildError{p.built.Package, p.built.UnauthenticatedInputs()})
	case now.isVery():
		p.it.say.there("install", "%s %s is there: nothing to do", p.built.Package, p.before)
		p.end(nil)
	default:
		var err error
		if p.debs, p.coming, err = p.it.checked(ctx, p.unit, p.built); err != nil {
			p.debs = nil
			p.end(err)
		}
	}
}

// hasOtherCommon reports whether two builds come with different packages of the same module's common files.
func (p *parcel) hasOtherCommon(other *parcel) bool {
	return p.name == other.name && p.built.Common != nil && other.built.Common != nil && p.built.Common.Deb != other.built.Common.Deb
}

// isThere reports whether dpkg has installed a package in a run that has failed.
func (p *parcel) isThere() bool {
	now := p.it.build.keys.situation(p.unit)
	return now.have.Version == p.built.Version && now.have.Version != p.before && !now.lacksCommon
}

// runDpkg installs packages in one run of dpkg, or of apt-get.
func (r *run) runDpkg(ctx context.Context, parcels []*parcel) error {
	s := r.say.begin("install", Plural(len(parcels), "package"))
	defer s.end()
	var sets [][]string
	var releases []string
	for _, p := range parcels {
		sets, releases = append(sets, p.debs), append(releases, p.Kernel.Release)
	}
	before := r.install.initramfses(releases...)
	in, said := r.apt.working(s)
	in.Before = func() error {
		for _, p := range parcels {
			if err := r.install.compare(p.coming); err != nil {
				return err
			}
		}
		return nil
	}
	err := in.InstallEach(ctx, sets...)
	r.forgetInstalled()
	done := 0
	for _, p := range parcels {
		if p.done = err == nil || p.isThere(); p.done {
			done++
		}
	}
	if done > 0 {
		s.timed("dpkg: installed " + Plural(done, "package"))
	}
	r.install.tellRemade(before)
	if err := errors.Join(err, r.apt.noteUnchecked(said, nil)); err != nil {
		return fmt.Errorf("install: %w", err)
	}
	return nil
}
