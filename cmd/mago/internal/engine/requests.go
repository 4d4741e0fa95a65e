package engine

import "context"

// Fetch fetches and opens sources, with those that they need, for no kernel in particular.
func (e *Engine) Fetch(ctx context.Context, words []string) error {
	targets, err := e.modules.freshTargets(ctx, words)
	if err != nil {
		return err
	}
	if targets, err = e.modules.withNeeded(targets); err != nil {
		return err
	}
	return e.road.each(ctx, units(flat(targets), noKernel), func(u *unit) error {
		err := e.modules.get(ctx, &u.target)
		if k := e.kernels.toShow(ctx); err == nil && u.tree != nil && k.Headers != "" {
			e.confs.evaluate(ctx, u.target, k) // for list and show, which say where it could not be done
		}
		return err
	})
}

// Build builds sources that are there already.
func (e *Engine) Build(ctx context.Context, words []string) error {
	return e.road.buildEach(ctx, words, e.modules.here)
}

// AutoBuild fetches and builds.
func (e *Engine) AutoBuild(ctx context.Context, words []string) error {
	return e.road.buildEach(ctx, words, e.modules.get)
}

// AutoInstall goes the whole road.
func (e *Engine) AutoInstall(ctx context.Context, words []string) error {
	return e.road.autoInstall(ctx, words)
}

// Install installs the packages built last.
func (e *Engine) Install(ctx context.Context, words []string) error {
	if err := e.host.mayChange("installing packages"); err != nil {
		return err
	}
	if err := e.apt.installer().CheckCaller(); err != nil {
		return err
	}
	if err := e.checkSudoPlace(); err != nil {
		return err
	}
	if err := e.prepare.tellUnfinished(); err != nil {
		return err
	}
	releases, err := e.kernels.releases(ctx)
	if err != nil {
		return err
	}
	targets, err := e.modules.targets(ctx, words)
	if err != nil {
		return e.install.unknownHere(err, releases)
	}
	return e.road.each(ctx, units(targets, e.kernels.foreseen(releases)), func(u *unit) error { return e.install.installBuilt(ctx, *u) })
}

// Prepare makes the machine able to build for the kernels, and the modules where some are named.
func (e *Engine) Prepare(ctx context.Context, words []string) error {
	var targets []target
	if len(words) > 0 {
		var err error
		if targets, err = e.modules.freshTargets(ctx, words); err != nil {
			return err
		}
		if targets, err = e.modules.withNeeded(targets); err != nil {
			return err
		}
	}
	_, err := e.prepare.prepare(ctx, targets)
	return err
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
