package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"mago/sources/lock"
)

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
	p, err := e.kernels.withHeaders(ctx, e, p)
	if err != nil {
		return Report{}, err
	}
	for _, u := range p.Units {
		for _, n := range u.needed {
			e.say.of(u.id()).note("needs", "%s is compiled against %s", u.name, n.name)
		}
	}
	r := newRun(e, p)
	r.do = func(e *Engine, u Unit) (UnitResult, error) { return r.one(ctx, e, u) }
	e.known.several.Store(len(p.Units) > 1)
	r.tally = newTally(e, p.Units, e.pool.Size())
	err = r.units(ctx)
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
	plan  *Plan
	asked []Unit                                      // without those that are only needed
	do    func(e *Engine, u Unit) (UnitResult, error) // e reports for the unit
	tally *tally

	lock    sync.Mutex // keeps what follows
	results map[UnitID]UnitResult
}

func newRun(e *Engine, p *Plan) *run {
	return &run{Engine: e, plan: p, asked: p.unitsAsked(), results: map[UnitID]UnitResult{}}
}

// readied is how many units are made ready beside those that are built, so that no processor has to wait for one; none with -j 1.
const readied = 1

// units does all units, as many at once as may be. A failure stops only what needs the unit.
func (r *run) units(ctx context.Context) error {
	q := newQueue(r.plan.Units, r.build.expected, func(module string) bool { return r.Of(module).Reuse })
	defer context.AfterFunc(ctx, q.close)()
	builds := r.plan.builds()
	width := r.pool.Size()
	if builds > 0 && width > 1 {
		width = r.confs.atOnce(ctx, modulesOf(r.plan.toBuild()))
	}
	if width > 1 {
		width = min(width+readied, len(r.plan.Units))
	}
	if r.DryRun {
		width = 1 // so that what it tells is in order
	}
	r.pool.Expect(min(builds, width)) // AtOnce counts no more than there are tokens
	var workers sync.WaitGroup
	for range width {
		workers.Go(func() {
			for j := q.next(); j != nil; j = q.next() {
				r.work(ctx, q, j)
			}
		})
	}
	workers.Wait()
	if r.installsTogether() {
		r.installAll(ctx)
	}
	return r.verdict(ctx)
}

// builds is how many units are to be compiled, those apart that are only to be installed.
func (p *Plan) builds() (n int) {
	for _, u := range p.Units {
		if !u.There && u.Err == nil && u.Due.Build {
			n++
		}
	}
	return n
}

// work does a unit whose turn has come. Of several one that another process works on comes again, and is waited for then.
func (r *run) work(ctx context.Context, q *queue, j *job) {
	e := r.Engine.of(j.id())
	if r.several() {
		e.Wait.Given = j.putOff
	}
	begun := time.Now()
	e.begins = func() { // which may have had to wait for its place
		begun = time.Now()
		r.tally.begun(j.id())
	}
	result, err := r.do(e, j.Unit)
	if busy := (*lock.BusyError)(nil); errors.As(err, &busy) && r.several() && !j.putOff {
		q.putOff(j)
		return
	}
	result.Seconds = time.Since(begun).Seconds()
	r.end(ctx, j.Unit, result, r.WhoseFiles(err))
	q.end(j)
}

// installsTogether reports whether packages are installed once all are built.
func (r *run) installsTogether() bool {
	return r.plan.Request.Goal == Installed && len(r.plan.Units) > 1 && !r.DryRun
}

// several reports whether more than one unit was asked for.
func (r *run) several() bool { return len(r.asked) > 1 }

// expected is how many seconds a unit may take: what its last build took, else a guess by the size of its source.
func (bu *builder) expected(u Unit) float64 {
	const bytesASecond = 20 << 10
	if r, ok := bu.lastBuild(u.id()); ok {
		return r.Seconds
	} else if u.pkg != nil {
		return float64(u.pkg.Size) / bytesASecond
	}
	return 0
}

// end takes down how a unit has ended.
func (r *run) end(ctx context.Context, u Unit, result UnitResult, err error) {
	result.Unit = u.id()
	if err != nil {
		result.State, result.Err = stateOf(ctx, err), err
	}
	r.lock.Lock()
	r.results[u.id()] = result
	r.lock.Unlock()
	if err != nil && !u.asNeed && ctx.Err() == nil && r.several() {
		r.say.of(u.id()).failed(err)
	}
	r.tally.finished(result)
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

// failures are the results of units that were asked for and came to an error, in the plan's order.
func (r *run) failures() (failed []UnitResult) {
	for _, u := range r.asked {
		if result := r.results[u.id()]; result.Err != nil {
			failed = append(failed, result)
		}
	}
	return failed
}

// verdict is the error of the whole run.
func (r *run) verdict(ctx context.Context) error {
	failed := r.failures()
	switch {
	case len(failed) == 0:
		return ctx.Err()
	case ctx.Err() != nil || len(r.asked) == 1:
		return failed[0].Err
	}
	several := &SeveralError{Units: len(r.asked)}
	for _, result := range failed {
		several.add(result)
	}
	return several
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
	installs, doing := r.plan.Request.Goal == Installed && !r.installsTogether(), "built"
	if installs {
		doing = "built and installed"
	}
	err = e.build.withUnitLock(ctx, ready, doing, func() error {
		built, made, err := e.build.build(ctx, ready)
		if err != nil {
			return err
		}
		result.Deb, result.sum = built.Deb, built.SHA256
		if made {
			result.State = ResultBuilt
		}
		if made && built.Reused != nil {
			result.State = ResultFits
		}
		if !installs {
			return nil
		}
		installed, err := e.install.install(ctx, ready, built)
		result.installed(installed)
		return err
	})
	return result, err
}

// against is a unit with what has come of those that it needs: of one that could not be compiled the source alone serves.
func (r *run) against(e *Engine, u Unit) (unit, error) {
	ready := u.unit
	ready.needed = slices.Clone(u.needed)
	for i, n := range u.needed {
		r.lock.Lock()
		err := r.results[unit{n, u.Kernel}.id()].Err
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
