package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"mago/kbuild/recipe"
)

// Report says what a run has come to, unit by unit in the plan's order.
type Report struct {
	Results []UnitResult
}

// UnitResult says what has come of one unit.
type UnitResult struct {
	Unit    UnitID
	State   string // one of the words that follow
	Err     error
	Seconds float64 // that it took in this run
	Deb     string  // its package, "" where there is none
}

// What can come of a unit.
const (
	ResultBuilt    = "built"
	ResultThere    = "there"    // nothing was to be built
	ResultFits     = "fits"     // it was made from the modules of another kernel
	ResultFailed   = "failed"   // see Err
	ResultExcluded = "excluded" // its source is not meant for the kernel
	ResultSkipped  = "skipped"  // it needs one that has failed
	ResultUntried  = "untried"  // the run was interrupted before
)

// stateOf is the state of a unit that has ended with an error.
func stateOf(err error) string {
	switch {
	case errors.As(err, new(*neededError)):
		return ResultSkipped
	case errors.As(err, new(*recipe.NotMeantError)):
		return ResultExcluded
	case errors.Is(err, context.Canceled):
		return ResultUntried
	}
	return ResultFailed
}

// mostPreparations is how often a run has apt install something before it builds: what a kernel's compressor is, and what a
// dkms.conf asks for, is known once the kernel's headers are there.
const mostPreparations = 3

// Run carries a plan out. Whether the caller may install anything is asked before planning: see Do.
func (e *Engine) Run(ctx context.Context, p *Plan) (Report, error) {
	if p.Request.Prepare {
		var err error
		if p, err = e.prepared(ctx, p); err != nil {
			return Report{}, err
		}
	}
	r := newRun(e, p)
	r.do = func(e *Engine, u Unit) (UnitResult, error) { return r.one(ctx, e, u) }
	err := r.units(ctx)
	return r.report(), err
}

// mayInstall refuses early what could only fail at the end.
func (e *Engine) mayInstall() error {
	if err := e.host.mayChange("installing packages"); err != nil {
		return err
	}
	if err := e.apt.installer().CheckCaller(); err != nil {
		return err
	}
	return e.checkSudoCache()
}

// prepared has apt install what a plan asks for, until a plan made anew asks for nothing.
func (e *Engine) prepared(ctx context.Context, p *Plan) (*Plan, error) {
	for i := 0; (len(p.Packages) > 0 || p.User) && i < mostPreparations; i++ {
		if err := errors.Join(p.failed(), ctx.Err()); err != nil {
			return nil, err
		}
		if err := e.prepare.installPackages(ctx, p); err != nil {
			return nil, err
		}
		if err := e.prepare.ensureBuildUser(ctx); err != nil {
			return nil, err
		}
		if e.DryRun {
			break
		}
		var err error
		if p, err = e.complete(ctx, p); err != nil {
			return nil, err
		}
	}
	return p, e.prepare.finish(ctx, p.Releases)
}

// run is one plan being carried out.
type run struct {
	*Engine
	plan *Plan
	do   func(e *Engine, u Unit) (UnitResult, error) // e reports for the unit

	lock    sync.Mutex // keeps what follows
	results map[UnitID]UnitResult
	ended   map[UnitID]chan struct{}
}

func newRun(e *Engine, p *Plan) *run {
	return &run{Engine: e, plan: p, results: map[UnitID]UnitResult{}, ended: map[UnitID]chan struct{}{}}
}

// units does all units, as many at once as there are workers. A failure stops only what needs the unit.
func (r *run) units(ctx context.Context) error {
	for _, u := range r.plan.Units {
		r.ended[u.id()] = make(chan struct{})
		for _, n := range u.needed {
			r.say.of(u.id()).note("needs", "%s is compiled against %s", u.name, n.name)
		}
	}
	slots := make(chan struct{}, max(1, r.host.Workers))
	var workers sync.WaitGroup
	for _, u := range r.plan.Units {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		workers.Go(func() {
			defer func() { <-slots }()
			begun := time.Now()
			result, err := r.do(r.Engine.of(u.id()), u)
			result.Seconds = time.Since(begun).Seconds()
			r.end(ctx, u, result, r.WhoseFiles(err))
		})
	}
	workers.Wait()
	return r.verdict(ctx)
}

// end takes down how a unit has ended.
func (r *run) end(ctx context.Context, u Unit, result UnitResult, err error) {
	result.Unit = u.id()
	if err != nil {
		result.State, result.Err = stateOf(err), err
	}
	r.lock.Lock()
	r.results[u.id()] = result
	r.lock.Unlock()
	if err != nil && !u.asNeed && ctx.Err() == nil && len(r.plan.unitsAsked()) > 1 {
		r.say.of(u.id()).failed(err)
	}
	close(r.ended[u.id()])
}

// report is what has come of all units.
func (r *run) report() (all Report) {
	for _, u := range r.plan.Units {
		result, ended := r.results[u.id()]
		if !ended {
			result = UnitResult{Unit: u.id(), State: ResultUntried}
		}
		all.Results = append(all.Results, result)
	}
	return all
}

// failures are those of units that were asked for, in the plan's order.
func (r *run) failures() (errs []error) {
	for _, u := range r.plan.unitsAsked() {
		if err := r.results[u.id()].Err; err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// verdict is the error of the whole run.
func (r *run) verdict(ctx context.Context) error {
	asked, failed := r.plan.unitsAsked(), r.failures()
	switch {
	case len(failed) == 0:
		return ctx.Err()
	case ctx.Err() != nil || len(asked) == 1:
		return failed[0]
	}
	return &SeveralError{First: failed[0], Failed: len(failed), Units: len(asked)}
}

// one builds one unit, and installs it where that is asked for.
func (r *run) one(ctx context.Context, e *Engine, u Unit) (result UnitResult, err error) {
	result.State = ResultThere
	if u.There || u.Err != nil {
		return result, u.Err
	}
	if r.DryRun {
		e.say.note("plan", "%s: %s", u, u.Due.Why)
	}
	ready, err := r.against(e, u)
	if err != nil {
		return result, err
	}
	doing := "built"
	if r.plan.Request.Goal == Installed {
		doing = "built and installed"
	}
	err = e.build.withUnitLock(ctx, ready, doing, func() error {
		built, made, err := e.build.build(ctx, ready)
		if err != nil {
			return err
		}
		if result.Deb = built.Deb; made {
			result.State = ResultBuilt
		}
		if r.plan.Request.Goal < Installed {
			return nil
		}
		return e.install.install(ctx, ready, built)
	})
	return result, err
}

// against waits for the units that one needs, and is that one with what has come of them: of one that could not be compiled
// the source alone serves.
func (r *run) against(e *Engine, u Unit) (unit, error) {
	ready := u.unit
	ready.needed = slices.Clone(u.needed)
	for i, n := range u.needed {
		id := UnitID{Module: n.name, Kernel: u.Kernel.Release}
		<-r.ended[id]
		r.lock.Lock()
		err := r.results[id].Err
		r.lock.Unlock()
		var failed *BuildError
		switch {
		case errors.As(err, &failed):
			e.say.note("needs", "%v; going on with its source alone", err)
			ready.needed[i].unbuilt = true
		case err != nil:
			return ready, &neededError{u.String(), n.name, err}
		}
	}
	return ready, nil
}
