package engine

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"mago/cmd/mago/internal/store"
	"mago/kbuild/kernel"
)

// planner makes one plan.
type planner struct {
	*Engine
	plan *Plan
	bare bool           // whether nothing can be evaluated before apt has installed what that takes
	at   map[UnitID]int // where the units are in the plan
	last store.Builds   // of the units
	kern chosenKernels
	lack lacking
	here map[string]bool // the kernels that are installed; nil until it is asked for

	tried  bool           // whether the sandbox is being tried, or was
	trying sync.WaitGroup // for that

	lock     sync.Mutex       // keeps plan.opened, and what follows
	unopened map[string]error // by name, of sources that could not be opened
}

// addAll plans every module that is asked for, for every kernel.
func (p *planner) addAll(ctx context.Context, kernels []kernel.Kernel) (err error) {
	if p.last, err = p.store.Builds(); err != nil {
		return err
	}
	p.ahead(ctx, p.neverBuilt(kernels))
	p.plan.Units = make([]Unit, 0, len(p.plan.asked)*len(kernels))
	for _, t := range p.plan.asked {
		for _, k := range kernels {
			if err := p.add(ctx, unit{t, k}); err != nil {
				return err
			}
		}
	}
	return nil
}

// kernelsFor are the kernels asked for. Where the plan may install their headers those in the cache count for what is built already,
// and some kernels may only be named.
func (p *planner) kernelsFor(ctx context.Context) (kernels []kernel.Kernel, err error) {
	if p.plan.Request.Prepare {
		_, err := p.prepare.missing(ctx, p.plan.Releases, nil) // which refuses a kernel that cannot be had, before anything is fetched
		if err == nil && p.plan.Request.Goal == Installed {
			p.plan.cached = p.kernels.cachedOf(ctx, p.plan.Releases)
		}
		return foreseen(p.plan.Releases, func(release string) (kernel.Kernel, error) {
			if k, ok := p.plan.cached[release]; ok {
				return k, nil
			}
			return p.kernels.installedKernel(release)
		}), err
	}
	if p.plan.Request.fetches() {
		p.kern, err = p.kernels.toBuildFor(ctx, p.plan.Releases)
		return p.kern.kernels, err
	}
	return p.kernels.kernelsOf(ctx, p.plan.Releases)
}

// add plans a unit after those that it needs.
func (p *planner) add(ctx context.Context, u unit) error {
	if i, ok := p.at[u.id()]; ok {
		p.plan.Units[i].asNeed = p.plan.Units[i].asNeed && u.asNeed
		return nil
	}
	goal, s := p.plan.Request.Goal, p.keys.foreseen(u, p.last.Last)
	planned := Unit{There: goal == Installed && p.isThere(ctx, u, s)}
	if !planned.There {
		if planned.Err = p.kern.errs[u.Kernel.Release]; planned.Err == nil {
			planned.Err = p.unit(ctx, &u, &s)
		}
		planned.Key, planned.Due = s.now.key, due(u, goal, s)
		planned.Err = cmp.Or(planned.Err, p.checkHeldNeed(u, planned))
		p.reuse(ctx, u, &planned)
		p.lacks(ctx, u, &planned)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	planned.unit = u
	p.at[u.id()] = len(p.plan.Units)
	p.plan.Units = append(p.plan.Units, planned)
	return nil
}

// isThere reports whether there is nothing to do for a unit: it is installed, and where another one is to be compiled against
// it, its package and its source are here too.
func (p *planner) isThere(ctx context.Context, u unit, now situation) bool {
	if u.asNeed && (!now.recorded || !p.store.HasDeb(now.record) || p.modules.openCached(ctx, &u.target) != nil) {
		return false
	}
	if d := due(u, Installed, now); d.Build || d.Install {
		return false
	}
	p.say.of(u.id()).there("install", "%s %s is there: nothing to do", u.packageName(), now.have.Version)
	if _, failed := p.store.Failure(u.id()); !p.DryRun && (failed || follows(u, now.record)) {
		end := func() error { // of what is not asked for any more
			return errors.Join(p.store.EndFailure(u.id()), p.build.follow(u, now.record))
		}
		_ = p.build.withUnitLock(ctx, u, "looked at", end) // who holds it may have more to say
	}
	return true
}

// addHeaders plans what is fetched for the units that are to be built.
func (p *planner) addHeaders() {
	for _, u := range p.plan.Units {
		release := u.Kernel.Release
		set, ok := p.kern.sets[release]
		if ok && !u.There && u.Err == nil && u.Due.Build && !slices.Contains(p.plan.Headers, release) {
			p.plan.Headers, p.plan.sets = append(p.plan.Headers, release), append(p.plan.sets, set)
		}
	}
}

// tellCompilers says which kernels another compiler is going to compile for than the one that they were built with.
func (p *planner) tellCompilers(ctx context.Context) {
	for _, u := range p.plan.Units {
		if !u.There && u.Due.Build && u.Due.Reuse == nil {
			p.prepare.tellCompiler(ctx, u.Kernel, p.plan.Packages)
		}
	}
}
