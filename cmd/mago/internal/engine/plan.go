package engine

import (
	"cmp"
	"context"
	"slices"

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
