package engine

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"mago/cmd/mago/internal/store"
	"mago/debpkg/word"
	"mago/kbuild/kernel"
)

// Goal is how far a request goes.
type Goal int

// The goals, each of which takes the one before it in.
const (
	Prepared  Goal = iota // what building needs is installed
	Built                 // packages are written
	Installed             // and installed
)

// Request is what somebody asks for.
type Request struct {
	Words []string // modules, as on the command line
	Goal  Goal
	Here  bool // the sources have to be here already
	// Prepare has apt install first what building needs.
	Prepare bool
	Kernels string // the word of -l that counts where neither -l nor -k is given; "" is running
}

// fetches reports whether headers that are not installed are fetched into the cache.
func (r Request) fetches() bool { return r.Goal == Built && !r.Prepare }

// Plan is a request worked out in full. It does not change; once apt has installed something it is made anew.
type Plan struct {
	Request  Request
	Releases []string      // kernels, whose headers may still be missing
	Packages []word.Target // that apt has to install before anything is built
	User     bool          // whether the user that compiles has to be made
	Headers  []string      // kernels whose headers are fetched into the cache before anything is built
	Units    []Unit        // in the order in which they are built: what others need comes first

	cached map[string]kernel.Kernel // by release, those that nothing is installed for where nothing is compiled
	asked  []target
	opened map[string]target // by name: sources are fetched, opened and told of once
	sets   []headerSet       // what Headers are fetched from
}

// Unit is one module for one kernel, as it is planned.
type Unit struct {
	unit
	Key   string // of all that shapes it, "" where that is not known before the run
	There bool   // there is nothing to do
	Due   Due    // what is, and why, as far as that is known: another process may do it before the run does
	Err   error  // why it cannot be built, nil where it can
}

// Plan works a request out: it resolves words and kernels, fetches and opens sources, has each dkms.conf evaluated, and finds
// what units need: other units, and packages. What keeps a single unit from being built is in the unit.
func (e *Engine) Plan(ctx context.Context, r Request) (*Plan, error) {
	p := &Plan{Request: r, opened: map[string]target{}}
	var err error
	if p.asked, err = e.asked(ctx, r); err != nil {
		return nil, err
	}
	if len(p.asked) == 0 && r.Goal > Prepared {
		return p, nil
	}
	if p.Releases, err = e.kernels.releasesOr(ctx, cmp.Or(r.Kernels, "running"), r.fetches()); err != nil {
		return nil, err
	}
	return e.complete(ctx, p)
}

// complete works out what is open in a plan of modules and kernels.
func (e *Engine) complete(ctx context.Context, of *Plan) (*Plan, error) {
	r := of.Request
	p := &planner{Engine: e, plan: &Plan{Request: r, Releases: of.Releases, User: r.Prepare && e.prepare.lacksUser(), asked: of.asked, opened: of.opened}, at: map[UnitID]int{}, unopened: map[string]error{}}
	p.bare = r.Prepare && !e.prepare.canEvaluate()
	kernels, err := p.kernelsFor(ctx)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(p.plan.asked, func(t target) bool { return p.Of(t.name).Reuse }) {
		kernels = newestFirst(kernels)
	}
	var toBuild []unit
	defer p.trying.Wait()
	if r.Goal > Prepared {
		if all := len(p.plan.asked) * len(kernels); all > 1 && !e.DryRun {
			e.say.whole(0, all, 0)
		}
		if err := p.addAll(ctx, kernels); err != nil {
			return nil, err
		}
		toBuild = p.plan.toBuild()
		p.addHeaders()
	} else {
		if err := e.modules.openForBuildDeps(ctx, p.plan.asked); err != nil {
			return nil, err
		}
		toBuild = units(flat(p.plan.asked), kernels)
	}
	if r.Prepare {
		releases, units := p.plan.compiled(toBuild)
		if p.plan.Packages, err = e.prepare.missing(ctx, releases, units); err != nil {
			return nil, err
		}
	}
	p.tellCompilers(ctx)
	return p.plan, p.openKeys(ctx)
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

// asked are the modules that a request is about.
func (e *Engine) asked(ctx context.Context, r Request) ([]target, error) {
	if len(r.Words) == 0 && r.Goal == Prepared {
		return nil, nil
	}
	targets, err := e.modules.freshTargets(ctx, r.Words)
	if err != nil {
		return nil, err
	}
	return e.modules.withNeeded(ctx, targets)
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

// unit opens a unit's source, plans what it needs, and finds out what it is to be built from.
func (p *planner) unit(ctx context.Context, u *unit, s *situation) error {
	mayServe := p.mayServeSigned(*u, *s)
	if !mayServe {
		if err := p.checkSignature(*u); err != nil {
			return err
		}
	}
	if err := p.open(ctx, &u.target); err != nil {
		return err
	}
	if (p.forced(u.target) || !p.last.Has(u.id())) && !p.bare && !p.DryRun {
		p.trySandbox(ctx)
	}
	basis := ""
	if p.plan.Request.Goal == Built && s.record.Basis != "" {
		basis = p.keys.basis(ctx, *u)
	}
	evaluated := p.bare || u.Kernel.Headers == "" || basis != "" && s.record.Basis == basis
	if !evaluated {
		if err := p.evaluate(ctx, u, mayServe); err != nil {
			return err
		}
	}
	if err := p.addNeeded(ctx, u); err != nil {
		return err
	}
	switch {
	case p.needsBuilds(*u):
	case isUnchanged(*u, basis, s.record, p.last.Last):
		s.now.key = strings.Clone(s.record.Key) // which is a part of the record's whole text
	default:
		s.record, s.recorded = p.store.Get(u.id()) // with its inputs
		s.now = p.keys.of(ctx, *u, s.record)
	}
	if mayServe {
		return p.checkServes(ctx, *u, *s)
	}
	return nil
}

// open opens a source, unless another kernel's unit has opened it.
func (p *planner) open(ctx context.Context, t *target) error {
	if had, ok, err := p.wasOpened(t.name); err != nil {
		return err
	} else if ok {
		t.tree, t.edited, t.digest, t.closed = had.tree, had.edited, had.digest, had.closed
		return nil
	}
	source := p.modules.openSource
	if p.plan.Request.Here {
		source = p.modules.openHere
	}
	err := source(ctx, t)
	p.lock.Lock()
	defer p.lock.Unlock()
	if err != nil {
		p.unopened[t.name] = err
	} else if t.tree != nil || p.DryRun { // which has told that it would be fetched
		p.plan.opened[t.name] = *t
	}
	return err
}

func (p *planner) wasOpened(name string) (t target, ok bool, err error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	t, ok = p.plan.opened[name]
	return t, ok, p.unopened[name]
}

// evaluate finds out what a unit's dkms.conf tells, and so whether its modules would be loaded, unless that is told of what is built.
func (p *planner) evaluate(ctx context.Context, u *unit, mayServe bool) error {
	if p.plan.Request.Goal == Installed && !mayServe {
		if err := p.install.checkLoadable(*u, p.install.foreseenModules(ctx, *u)); err != nil {
			return err
		}
	}
	return p.modules.addBuildDepends(ctx, u, p.plan.asked)
}

// addNeeded plans the units that one needs.
func (p *planner) addNeeded(ctx context.Context, u *unit) error {
	u.needed = slices.Clone(u.needed) // other kernels' units have the same
	for i, n := range u.needed {
		need := unit{n, u.Kernel}
		need.above = append(slices.Clip(u.above), u.name)
		if err := p.add(ctx, need); err != nil {
			return err
		}
		u.needed[i] = p.plan.Units[p.at[need.id()]].target
	}
	return nil
}

// needsBuilds reports whether a unit is compiled against modules that are to be built before it.
func (p *planner) needsBuilds(u unit) bool {
	return slices.ContainsFunc(u.needed, func(n target) bool {
		need := p.plan.Units[p.at[unit{n, u.Kernel}.id()]]
		return !need.There && need.Due.Build
	})
}

// toBuild are the units that are to be built.
func (p *Plan) toBuild() (all []unit) {
	for _, u := range p.Units {
		if !u.There && u.Err == nil && (u.Due.Build || p.Request.Goal == Installed) {
			all = append(all, u.unit)
		}
	}
	return all
}

// compiled are the kernels and those units that packages are to be installed for: of a kernel whose headers the cache has, none where
// all its units are built.
func (p *Plan) compiled(units []unit) (releases []string, some []unit) {
	idle := func(release string) bool {
		_, cached := p.cached[release]
		return cached && !slices.ContainsFunc(p.Units, func(u Unit) bool {
			return u.Kernel.Release == release && !u.There && (u.Due.Build || u.Err != nil)
		})
	}
	releases = slices.DeleteFunc(slices.Clone(p.Releases), idle)
	return releases, slices.DeleteFunc(slices.Clone(units), func(u unit) bool { return idle(u.Kernel.Release) })
}

// unitsAsked are the units that were asked for; others are only needed by them.
func (p *Plan) unitsAsked() []Unit {
	return slices.DeleteFunc(slices.Clone(p.Units), func(u Unit) bool { return u.asNeed })
}

// failed is why nothing of what was asked for can be built.
func (p *Plan) failed() error {
	var asked *Unit
	for i := range p.Units {
		switch u := &p.Units[i]; {
		case u.asNeed:
		case asked != nil:
			return nil
		default:
			asked = u
		}
	}
	if asked == nil {
		return nil
	}
	return asked.Err
}
