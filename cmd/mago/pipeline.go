package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"mago/cmd/mago/internal/modpkg"
	"mago/debpkg"
	"mago/debpkg/word"
	"mago/sources"
)

// autoInstall is the road of a request, from a module's name to an installed package.
func (a *app) autoInstall(ctx context.Context, words []string) error {
	if err := a.host.mayChange("installing packages"); err != nil {
		return err
	}
	if err := a.installer().CheckCaller(); err != nil {
		return err
	}
	if err := a.checkSudoPlace(); err != nil {
		return err
	}
	targets, err := a.freshTargets(ctx, words)
	if err != nil {
		return err
	}
	if targets, err = a.withNeeded(targets); err != nil {
		return err
	}
	kernels, err := a.prepare(ctx, targets)
	if err != nil {
		return err
	}
	return a.each(ctx, units(targets, kernels), func(u *unit) error { return a.installUnit(ctx, u) })
}

// installUnit is the road of one module for one kernel.
func (a *app) installUnit(ctx context.Context, u *unit) error {
	if a.isThere(ctx, *u) {
		return nil
	}
	if err := a.checkLoadable(*u, nil, false); err != nil {
		return err
	}
	if err := a.get(ctx, &u.target); err != nil {
		return err
	}
	if err := a.checkLoadable(*u, a.foreseenModules(ctx, *u), false); err != nil {
		return err
	}
	if err := a.provide(ctx, u, func(need *unit) error { return a.installUnit(ctx, need) }); err != nil {
		return err
	}
	return a.alone(ctx, *u, "built and installed", func() error {
		built, err := a.build(ctx, *u)
		if err != nil {
			return err
		}
		return a.install(ctx, *u, built)
	})
}

// buildEach is the same road up to the package, for a source that is got one way or another.
func (a *app) buildEach(ctx context.Context, words []string, source func(context.Context, *target) error) error {
	targets, err := a.freshTargets(ctx, words)
	if err != nil {
		return err
	}
	if targets, err = a.withNeeded(targets); err != nil {
		return err
	}
	kernels, err := a.kernels(ctx)
	if err != nil {
		return err
	}
	var road func(*unit) error
	road = func(u *unit) error {
		if err := source(ctx, &u.target); err != nil {
			return err
		}
		if err := a.provide(ctx, u, road); err != nil {
			return err
		}
		return a.alone(ctx, *u, "built", func() error {
			_, err := a.build(ctx, *u)
			return err
		})
	}
	return a.each(ctx, units(targets, kernels), road)
}

// freshTargets resolves module words against a catalog that knows apt's present lists.
func (a *app) freshTargets(ctx context.Context, words []string) ([]target, error) {
	if !slices.ContainsFunc(moduleWords(words), func(w string) bool { return !isLocal(w) }) {
		return a.targets(ctx, words)
	}
	ix, err := a.catalog(ctx)
	if err != nil {
		return nil, err
	}
	if ix.Changed || a.Verbose {
		a.showCatalog(ix)
	}
	targets, err := a.targets(ctx, words)
	a.noteNewer(targets)
	return targets, err
}

// isInstalled reports, and says, that there is nothing to do for a unit.
func (a *app) isInstalled(u unit) bool {
	installed := a.installedPackage(u.packageName())
	have := installed.Version
	if !a.counts(installed) || a.forced(u.target) || a.NotUnpack && u.pkg != nil || debpkg.CompareVersions(have, u.packageVersion()) < 0 {
		return false
	}
	r, _ := a.readRecord(u.name, u.kernel.Release)
	if r.Source.Edited && r.isInstalled(have) {
		return false // edited, which without -O is not asked for
	}
	if u.exact && r.Source.Package != "" && r.Source.Package != u.pkg.Name.String() {
		return false // built from the module's other package
	}
	if u.digest != "" && (r.Source.SHA256 != u.digest || !r.isInstalled(have)) {
		return false
	}
	if a.lacksCommon(u.name, u.kernel.Release) {
		return false
	}
	a.say.note("install", "%s %s is there: nothing to do", u.packageName(), have)
	return true
}

// forced reports whether -f asks for a module to be made anew; what it merely needs is left as it is.
func (a *app) forced(t target) bool { return a.Force && !t.asNeed }

// get brings a module's source into the cache, or finds it there.
func (a *app) get(ctx context.Context, t *target) error {
	switch {
	case t.tree != nil && t.pkg != nil: // fetched for its needs, and told
		return nil
	case t.tree != nil:
		a.say.note("source", "%s", t.describe())
		return nil
	case t.pkg == nil:
		return &notFetchedError{t.name}
	}
	if tree, ok := a.fetcher().Cached(*t.pkg); ok && (!a.forced(*t) || a.NotUnpack) {
		a.say.note("source", "%s", t.describe())
		return a.take(ctx, t, tree)
	}
	if a.NotUnpack {
		return a.notHere(*t)
	}
	return a.fetch(ctx, t)
}

// take has a module built from an opened source. One that may have been edited, with -O or in /usr/src, counts by its
// contents.
func (a *app) take(ctx context.Context, t *target, tree *sources.Tree) (err error) {
	t.tree, t.edited = tree, a.NotUnpack
	if a.NotUnpack || tree.Origin == sources.Host && tree.Archive == "" {
		t.digest, err = tree.Contents(ctx)
	}
	return errors.Join(err, a.original(ctx, t))
}

func (a *app) fetch(ctx context.Context, t *target) error {
	if a.DryRun {
		a.say.note("source", "would fetch %s", t.describe())
		return nil
	}
	fetcher := a.fetcher()
	fetcher.Fresh = a.forced(*t)
	p := a.say.begin("source", t.describe())
	defer p.end()
	tree, err := fetcher.Get(ctx, *t.pkg)
	if err != nil {
		return err
	}
	t.version = tree.Version
	p.timed(t.describe())
	return a.take(ctx, t, tree)
}

// notFetchedError says that build found no source; it does not fetch.
type notFetchedError struct{ module string }

func (e *notFetchedError) Error() string { return "the source of " + e.module + " is not here" }

// build compiles and packages a unit whose lock is held, or finds its package there.
func (a *app) build(ctx context.Context, u unit) (record, error) {
	if u.tree != nil { // which a dry run has not fetched
		if err := a.checkClaim(u.claim()); err != nil {
			return record{}, err
		}
	}
	if r, ok := a.readRecord(u.name, u.kernel.Release); ok && a.isBuilt(u, r) {
		a.say.note("package", "%s is there: nothing to build", a.shown(r.Deb))
		if a.DryRun {
			return r, nil
		}
		return r, errors.Join(a.endFailure(u.name, u.kernel.Release), a.deliver(r)) // a failure of what is not asked for any more
	}
	a.noteTakeover(u)
	if a.DryRun {
		a.say.note("build", "would build %s from %s", u.packageName(), u.describe())
		return record{}, nil
	}
	if err := errors.Join(a.checkNeeds(u), a.checkTools(u)); err != nil {
		return record{}, err
	}
	release, err := a.holdSources(ctx, u)
	if err != nil {
		return record{}, err
	}
	defer release()
	if !a.NotUnpack {
		if err := u.tree.Check(ctx); err != nil {
			return record{}, err
		}
	}
	if isDKMS(u.target) {
		a.ignored()
	}
	r, err := a.buildLocked(ctx, u)
	if err == nil {
		err = a.deliver(r)
	}
	return r, err
}

// needsError says that a module's source package wants further packages for compiling.
type needsError struct {
	unit     unit
	packages []word.Target
}

func (e *needsError) Error() string {
	return fmt.Sprintf("building %s needs %s", e.unit.name, word.Join(e.packages, ", "))
}

func (a *app) checkNeeds(u unit) error {
	packages, err := a.unmetNeeds(u.target)
	if err == nil && len(packages) > 0 {
		err = &needsError{u, packages}
	}
	return err
}

// isBuilt reports whether a record's package is what a build would give; with -n any of the unit's is good enough.
func (a *app) isBuilt(u unit, r record) bool {
	switch {
	case a.forced(u.target) || !a.vouched(r) || !a.isWhole(r):
		return false
	case a.NoRebuild:
		return true
	}
	return r.Version == u.packageVersion() && r.Source.SHA256 == u.sourceDigest()
}

// install has dpkg install what was built; the unit's lock is held. A dry run looks for all that would be in the way of what is
// there.
func (a *app) install(ctx context.Context, u unit, built record) error {
	if built.Deb == "" { // a dry run has built nothing
		a.wouldInstall(u)
		return nil
	}
	if !a.vouched(built) {
		return &unsignedError{built.Package, built.unauthenticated()}
	}
	if have := a.packageVersion(built.Package); built.isInstalled(have) && !a.forced(u.target) && !a.lacksCommon(u.name, u.kernel.Release) {
		a.say.note("install", "%s %s is there: nothing to do", built.Package, have)
		return nil
	}
	claim, err := built.claim()
	if err == nil {
		err = a.checkClaim(claim)
	}
	if err == nil {
		err = a.checkLoadable(u, modpkg.Modules(built.Modules), true)
	}
	if err != nil {
		return err
	}
	debs := slices.DeleteFunc([]string{built.Deb, a.commonToInstall(u, built)}, func(deb string) bool { return deb == "" })
	if err := a.checkPlaceOf(debs); err != nil {
		return err
	}
	coming, err := a.arrive(built, debs)
	if err == nil {
		err = a.checkPlace(ctx, built, debs)
	}
	if err == nil {
		err = a.announce(built, coming)
	}
	if err != nil {
		return fmt.Errorf("install %s: %w", built.Package, err)
	}
	in := a.installer()
	in.Before = func() error { return a.compare(coming) }
	if a.DryRun {
		if err := a.withCommand(in.Install(ctx, debs...), debs); err != nil {
			return fmt.Errorf("install %s: %w", built.Package, err)
		}
		a.wouldInstall(u)
		return nil
	}
	p := a.say.begin("install", built.Package)
	defer p.end()
	err = a.withCommand(in.Install(ctx, debs...), debs)
	a.forgetInstalled()
	if err := errors.Join(err, a.noteUnchecked(nil)); err != nil {
		return fmt.Errorf("install %s: %w", built.Package, err)
	}
	if err := a.keepInstalled(built); err != nil {
		return err
	}
	p.timed("dpkg: installed")
	a.showBeside(u.kernel, built)
	for _, step := range a.next(ctx, u.kernel, built) {
		a.say.advise("next", step)
	}
	return nil
}

func (a *app) wouldInstall(u unit) {
	a.say.note("install", "would install %s", u.packageName())
}
