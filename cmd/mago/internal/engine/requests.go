package engine

import (
	"context"
	"slices"
)

// Fetch fetches and opens sources, with those that they need, and the headers of the kernels that -l names.
func (e *Engine) Fetch(ctx context.Context, words []string) error {
	targets, err := e.modules.freshTargets(ctx, words)
	if err != nil {
		return err
	}
	if len(targets) == 0 {
		e.modules.tellNone(words)
	}
	if targets, err = e.modules.withNeeded(ctx, targets); err != nil {
		return err
	}
	if err := e.kernels.fetchNamed(ctx); err != nil {
		return err
	}
	return e.each(ctx, units(flat(targets), noKernel), func(e *Engine, u unit) error {
		err := e.modules.openSource(ctx, &u.target)
		if k, unknown := e.kernels.toShow(ctx); err == nil && unknown == nil && u.tree != nil && k.Headers != "" {
			e.confs.evaluate(ctx, u.target, k) // for list and show, which say where it could not be done
		}
		return err
	})
}

// Do plans a request and carries the plan out.
func (e *Engine) Do(ctx context.Context, r Request) (Report, error) {
	if r.Goal == Installed { // before anything is fetched
		if err := e.mayInstall(); err != nil {
			return Report{}, err
		}
	}
	p, err := e.Plan(ctx, r)
	if err != nil {
		return Report{}, err
	}
	if len(p.asked) == 0 && r.Goal != Prepared {
		e.modules.tellNone(r.Words)
	}
	report, err := e.Run(ctx, p)
	if r.Goal == Built && !e.DryRun && ctx.Err() == nil {
		e.signs.tellToSign(p)
	}
	e.tellPending()
	return report, err
}

// Install installs the packages built last.
func (e *Engine) Install(ctx context.Context, words []string) (Report, error) {
	if err := e.mayInstall(); err != nil {
		return Report{}, err
	}
	if err := e.prepare.tellUnfinished(); err != nil {
		return Report{}, err
	}
	releases, err := e.kernels.releases(ctx)
	if err != nil {
		return Report{}, err
	}
	targets, err := e.modules.unheld(ctx, words)
	if err != nil {
		return Report{}, e.install.unknownHere(err, releases)
	}
	if len(targets) == 0 {
		e.modules.tellNone(words)
	}
	p := &Plan{Request: Request{Goal: Installed}}
	for _, u := range units(targets, foreseen(releases, e.kernels.kernel)) {
		e.install.addBuilt(p, u)
	}
	r := newRun(e, p)
	r.do = func(e *Engine, u Unit) (UnitResult, error) {
		return e.install.installBuilt(ctx, u.unit, r.installsTogether())
	}
	r.tally = newTally(e, p.Units, 1)
	err = r.units(ctx)
	e.tellPending()
	return r.report(), err
}

// each does something for every unit, for as many at once as the pool has tokens.
func (e *Engine) each(ctx context.Context, all []unit, do func(*Engine, unit) error) error {
	p := &Plan{}
	for _, u := range all {
		if !slices.ContainsFunc(p.Units, func(other Unit) bool { return other.id() == u.id() }) {
			p.Units = append(p.Units, Unit{unit: u})
		}
	}
	r := newRun(e, p)
	r.do = func(e *Engine, u Unit) (UnitResult, error) { return UnitResult{}, do(e, u.unit) }
	return r.units(ctx)
}

// Clean removes opened sources, work directories and all builds of a unit but the last.
func (e *Engine) Clean(ctx context.Context, words []string) error {
	return e.cleaner.clean(ctx, words, clean{verb: "clean"})
}

// Purge removes all that mago keeps of modules. Installed packages are dpkg's and stay.
func (e *Engine) Purge(ctx context.Context, words []string) error {
	return e.cleaner.clean(ctx, words, clean{verb: "purge", purge: true})
}

// Update brings the catalog up to date, after apt-get update where apt is true or where apt has no lists at all. Where
// nothing that it is made of has changed it stays as it is, unless Force has it made anew.
func (e *Engine) Update(ctx context.Context, apt bool) error {
	if apt {
		if err := e.apt.aptUpdate(ctx); err != nil {
			return err
		}
	}
	open := e.catalog.catalog
	if e.Force {
		open = e.catalog.updateCatalog
	}
	ix, err := open(ctx)
	if err != nil {
		return err
	}
	e.catalog.showCatalog(ix)
	return nil
}
