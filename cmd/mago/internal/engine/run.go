package engine

import (
	"context"
	"errors"
	"slices"
	"sync"

	"mago/cmd/mago/internal/store"
)

// Report says what a run has come to: the builds of the units whose packages are there now, and of those that are installed. A
// dry run has none.
type Report struct {
	Built     []store.Record
	Installed []store.Record
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
	r.do = func(e *Engine, u Unit) error { return r.one(ctx, e, u) }
	err := r.units(ctx)
	return r.report, err
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
	do   func(e *Engine, u Unit) error // e reports for the unit

	lock   sync.Mutex // keeps what follows
	report Report
	errs   map[UnitID]error // of units that have ended
	failed bool             // whether one of them was asked for, and has failed
	ended  map[UnitID]chan struct{}
}

func newRun(e *Engine, p *Plan) *run {
	return &run{Engine: e, plan: p, errs: map[UnitID]error{}, ended: map[UnitID]chan struct{}{}}
}

// units does all units, as many at once as there are workers. After the first failure nothing begins, unless the run is to
// keep going.
func (r *run) units(ctx context.Context) error {
	for _, u := range r.plan.Units {
		r.ended[u.id()] = make(chan struct{})
		for _, n := range u.needed {
			r.say.of(u.id()).note("needs", "%s is compiled against %s", u.name, n.name)
		}
	}
	slots := make(chan struct{}, max(1, r.host.Workers))
	var workers sync.WaitGroup
	rest := r.plan.Units
	for ; len(rest) > 0; rest = rest[1:] {
		slots <- struct{}{}
		if ctx.Err() != nil || r.stopped() {
			break
		}
		u := rest[0]
		workers.Go(func() {
			defer func() { <-slots }()
			r.end(ctx, u, r.WhoseFiles(r.do(r.Engine.of(u.id()), u)))
		})
	}
	workers.Wait()
	return r.verdict(ctx, rest)
}

func (r *run) stopped() bool {
	r.lock.Lock()
	defer r.lock.Unlock()
	return r.failed && !r.KeepGoing
}

// failures are those of units that were asked for, in the plan's order.
func (r *run) failures() (errs []error) {
	for _, u := range r.plan.unitsAsked() {
		if err := r.errs[u.id()]; err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// end takes down how a unit has ended.
func (r *run) end(ctx context.Context, u Unit, err error) {
	r.lock.Lock()
	r.errs[u.id()] = err
	r.failed = r.failed || err != nil && !u.asNeed
	r.lock.Unlock()
	if err != nil && !u.asNeed && r.KeepGoing && ctx.Err() == nil && len(r.plan.unitsAsked()) > 1 {
		r.say.of(u.id()).failed(err)
	}
	close(r.ended[u.id()])
}

// verdict is the error of the whole run; rest are the units that have not begun.
func (r *run) verdict(ctx context.Context, rest []Unit) error {
	asked, failed := r.plan.unitsAsked(), r.failures()
	switch {
	case len(failed) == 0:
		return ctx.Err()
	case ctx.Err() != nil || len(asked) == 1:
		return failed[0]
	case !r.KeepGoing:
		for _, err := range failed[1:] { // of units that had begun
			r.say.failed(err)
		}
		return untried(failed[0], asked[len(asked)-count(rest):])
	}
	return &SeveralError{First: failed[0], Failed: len(failed), Units: len(asked)}
}

// count counts the units that were asked for.
func count(units []Unit) (n int) {
	for _, u := range units {
		if !u.asNeed {
			n++
		}
	}
	return n
}

// one builds one unit, and installs it where that is asked for.
func (r *run) one(ctx context.Context, e *Engine, u Unit) error {
	if u.There || u.Err != nil {
		return u.Err
	}
	if r.DryRun {
		e.say.note("plan", "%s: %s", u, u.Due.Why)
	}
	ready, err := r.against(e, u)
	if err != nil {
		return err
	}
	doing := "built"
	if r.plan.Request.Goal == Installed {
		doing = "built and installed"
	}
	return e.build.withUnitLock(ctx, ready, doing, func() error {
		built, err := e.build.build(ctx, ready)
		if err != nil {
			return err
		}
		r.reported(&r.report.Built, built)
		if r.plan.Request.Goal < Installed {
			return nil
		}
		if err := e.install.install(ctx, ready, built); err != nil {
			return err
		}
		r.reported(&r.report.Installed, built)
		return nil
	})
}

// reported adds a build to a part of the report.
func (r *run) reported(part *[]store.Record, built store.Record) {
	if r.DryRun {
		return
	}
	r.lock.Lock()
	defer r.lock.Unlock()
	*part = append(*part, built)
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
		err := r.errs[id]
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
