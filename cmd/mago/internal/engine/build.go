package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
	"mago/debpkg/word"
	"mago/sources"
)

// freshTargets resolves module words against a catalog that knows apt's present lists.
func (mo *modules) freshTargets(ctx context.Context, words []string) ([]target, error) {
	if !slices.ContainsFunc(ModuleWords(words), func(w string) bool { return !isLocal(w) }) {
		return mo.targets(ctx, words)
	}
	ix, err := mo.catalog.catalog(ctx)
	if err != nil {
		return nil, err
	}
	if ix.Changed || mo.Verbose {
		mo.catalog.showCatalog(ix)
	}
	targets, err := mo.targets(ctx, words)
	mo.noteNewer(targets)
	return targets, err
}

// forced reports whether -f asks for a module to be made anew; what it merely needs is left as it is.
func (b *base) forced(t target) bool { return b.Force && !t.asNeed }

// openSource brings a module's source into the cache, or finds it there.
func (mo *modules) openSource(ctx context.Context, t *target) error {
	switch {
	case t.tree != nil && t.pkg != nil: // fetched for its needs, and told
		return nil
	case t.tree != nil:
		mo.say.note("source", "%s", t.describe())
		return nil
	case t.pkg == nil:
		return &NotFetchedError{t.name}
	}
	if tree, ok := mo.fetcher().Cached(*t.pkg); ok && (!mo.forced(*t) || mo.AsItLies) {
		mo.say.note("source", "%s", t.describe())
		return mo.useTree(ctx, t, tree)
	}
	if mo.AsItLies {
		return mo.notHere(*t)
	}
	return mo.fetch(ctx, t)
}

// useTree has a module built from an opened source. One that may have been edited, with -O or in /usr/src, counts by its
// contents.
func (mo *modules) useTree(ctx context.Context, t *target, tree *sources.Tree) (err error) {
	t.tree, t.edited = tree, mo.AsItLies
	if mo.AsItLies || tree.Origin == sources.Host && tree.Archive == "" {
		t.digest, err = tree.Contents(ctx)
	}
	return errors.Join(err, mo.unmodifiedConffiles(ctx, t))
}

func (mo *modules) fetch(ctx context.Context, t *target) error {
	if mo.DryRun {
		mo.say.note("source", "would fetch %s", t.describe())
		return nil
	}
	fetcher := mo.fetcher()
	fetcher.Fresh = mo.forced(*t)
	p := mo.say.begin("source", t.describe())
	defer p.end()
	tree, err := fetcher.Get(ctx, *t.pkg)
	if err != nil {
		return err
	}
	t.version = tree.Version
	p.timed(t.describe())
	return mo.useTree(ctx, t, tree)
}

// NotFetchedError says that build found no source; it does not fetch.
type NotFetchedError struct{ Module string }

func (e *NotFetchedError) Error() string { return "the source of " + e.Module + " is not here" }

// build compiles and packages a unit whose lock is held, or finds its package there.
func (bu *builder) build(ctx context.Context, u unit) (store.Record, error) {
	if u.tree != nil { // which a dry run has not fetched
		if err := bu.claims.checkClaim(u.claim()); err != nil {
			return store.Record{}, err
		}
	}
	if now := bu.pkgs.situation(u); !due(u, Built, now).Build {
		r := now.record
		bu.say.note("package", "%s is there: nothing to build", bu.shown(r.Deb))
		if bu.DryRun {
			return r, nil
		}
		return r, errors.Join(bu.store.EndFailure(u.id()), bu.deliver(r)) // a failure of what is not asked for any more
	}
	bu.claims.noteTakeover(u)
	if bu.DryRun {
		bu.say.note("build", "would build %s from %s", u.packageName(), u.describe())
		return store.Record{}, nil
	}
	if err := errors.Join(bu.prepare.checkBuildDeps(u), bu.prepare.checkTools(u)); err != nil {
		return store.Record{}, err
	}
	release, err := bu.holdSources(ctx, u)
	if err != nil {
		return store.Record{}, err
	}
	defer release()
	if !bu.AsItLies {
		if err := u.tree.Check(ctx); err != nil {
			return store.Record{}, err
		}
	}
	if isDKMS(u.target) {
		bu.known.ignored.Do(bu.tellIgnored)
	}
	r, err := bu.buildLocked(ctx, u)
	if err == nil {
		err = bu.deliver(r)
	}
	return r, err
}

// BuildDepsError says that a module's source package wants further packages for compiling.
type BuildDepsError struct {
	Unit     unit
	Packages []word.Target
}

func (e *BuildDepsError) Error() string {
	return fmt.Sprintf("building %s needs %s", e.Unit.name, word.Join(e.Packages, ", "))
}

func (pr *preparer) checkBuildDeps(u unit) error {
	packages, err := pr.unmetBuildDeps(u.target)
	if err == nil && len(packages) > 0 {
		err = &BuildDepsError{u, packages}
	}
	return err
}

// install has dpkg install what was built; the unit's lock is held. A dry run looks for all that would be in the way of what is
// there.
func (it *installer) install(ctx context.Context, u unit, built store.Record) error {
	if built.Deb == "" { // a dry run has built nothing
		it.wouldInstall(u)
		return nil
	}
	if !it.usable(built) {
		return &UnauthenticatedBuildError{built.Package, built.UnauthenticatedInputs()}
	}
	installed, err := it.installAlone(ctx, u, built)
	if err != nil || !installed {
		return err
	}
	it.tellDKMSCopies(u.Kernel, built)
	for _, step := range it.kernels.next(ctx, u.Kernel, built) {
		it.say.advise("next", step)
	}
	return nil
}

// installAlone looks at the system and has dpkg change it, unless there is nothing to do, while no other unit does.
func (it *installer) installAlone(ctx context.Context, u unit, built store.Record) (installed bool, err error) {
	it.known.system.Lock()
	defer it.known.system.Unlock()
	if now := it.pkgs.situation(u); now.isVery() {
		it.say.note("install", "%s %s is there: nothing to do", built.Package, now.have.Version)
		return false, nil
	}
	debs, coming, err := it.checked(ctx, u, built)
	if err != nil {
		return false, err
	}
	if it.DryRun {
		if err := it.apt.withCommand(it.apt.installer().Install(ctx, debs...), debs); err != nil {
			return false, fmt.Errorf("install %s: %w", built.Package, err)
		}
		it.wouldInstall(u)
		return false, nil
	}
	p := it.say.begin("install", built.Package)
	defer p.end()
	in, said := it.apt.working(p)
	in.Before = func() error { return it.compare(coming) }
	err = it.apt.withCommand(in.Install(ctx, debs...), debs)
	it.forgetInstalled()
	if err := errors.Join(err, it.apt.noteUnchecked(said, nil)); err != nil {
		return false, fmt.Errorf("install %s: %w", built.Package, err)
	}
	if err := it.store.MarkInstalled(built.ID()); err != nil {
		return false, err
	}
	p.timed("dpkg: installed")
	return true, nil
}

// checked are the .debs that a build's installation takes, once nothing is in its way.
func (it *installer) checked(ctx context.Context, u unit, built store.Record) (debs []string, coming *arrival, err error) {
	claim, err := claimOf(built)
	if err == nil {
		err = it.claims.checkClaim(claim)
	}
	if err == nil {
		err = it.checkLoadable(u, modpkg.Modules(built.Modules), true)
	}
	if err != nil {
		return nil, nil, err
	}
	debs = slices.DeleteFunc([]string{built.Deb, it.commonToInstall(u, built)}, func(deb string) bool { return deb == "" })
	if err := it.checkDebs(built, debs); err != nil {
		return nil, nil, err
	}
	coming, err = it.arrive(built, debs)
	if err == nil {
		err = it.checkSourcePackage(ctx, built, debs)
	}
	if err == nil {
		err = it.announce(built, coming)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("install %s: %w", built.Package, err)
	}
	return debs, coming, nil
}

func (it *installer) wouldInstall(u unit) {
	it.say.note("install", "would install %s", u.packageName())
}
