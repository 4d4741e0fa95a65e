package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"mago/debpkg/apt"
	"mago/debpkg/rooted"
	"mago/debpkg/visible"
	"mago/sources"
)

// openHere opens a source without fetching it; one that is not mago's own is named on the screen.
func (mo *modules) openHere(ctx context.Context, t *target) error {
	if t.tree != nil {
		return mo.openSource(ctx, t)
	}
	return mo.openCached(ctx, t)
}

// openCached finds a module's source in the cache or on the host.
func (mo *modules) openCached(ctx context.Context, t *target) error {
	if t.tree != nil {
		return nil
	}
	if t.pkg != nil {
		if tree, ok := mo.fetcher().Cached(*t.pkg); ok {
			return mo.useTree(ctx, t, tree)
		}
	}
	return cmp.Or(t.lacking, mo.notHere(*t))
}

// notHere says why a module's source cannot be had without fetching.
func (mo *modules) notHere(t target) error {
	if t.pkg != nil && t.pkg.Unauthenticated && !mo.Unauthenticated {
		return &apt.UnauthenticatedError{Package: t.pkg.Name.String(), Version: t.version}
	}
	return &NotFetchedError{t.name, mo.Kernels}
}

// openSource opens a module's source: the one in the cache, or else one that it fetches.
func (mo *modules) openSource(ctx context.Context, t *target) error {
	switch {
	case t.tree != nil && t.pkg != nil: // fetched for its needs, and told
		return nil
	case t.tree != nil:
		mo.say.note("source", "%s", t.describe())
		mo.tellWithout(t.tree)
		return nil
	case t.pkg == nil:
		return &NotFetchedError{t.name, mo.Kernels}
	}
	if tree, ok := mo.fetcher().Cached(*t.pkg); ok && (!mo.forced(*t) || mo.AsItLies) {
		mo.say.note("source", "%s", t.describe())
		mo.tellWithout(tree)
		return mo.useTree(ctx, t, tree)
	}
	switch {
	case t.lacking != nil:
		return t.lacking
	case mo.AsItLies:
		return mo.notHere(*t)
	}
	return mo.fetch(ctx, t)
}

// useTree sets the opened source that a module is built from.
func (mo *modules) useTree(ctx context.Context, t *target, tree *sources.Tree) error {
	t.edited = mo.AsItLies
	return errors.Join(mo.identify(ctx, t, tree), mo.unmodifiedConffiles(ctx, t))
}

// identify sets a module's opened source. One that may have been edited, with -O or in /usr/src, is identified by a digest of
// its contents.
func (mo *modules) identify(ctx context.Context, t *target, tree *sources.Tree) (err error) {
	t.tree = tree
	if mo.AsItLies || tree.Origin == sources.Host && tree.Archive == "" {
		t.digest, err = tree.Contents(ctx)
	}
	return err
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
	mo.tellWithout(tree)
	return mo.useTree(ctx, t, tree)
}

// tellWithout says what of an archive its source goes without.
func (mo *modules) tellWithout(tree *sources.Tree) {
	if len(tree.LeftOut) > 0 {
		mo.say.note("warning", "left out of the source, being neither file, directory nor link: %s", visible.Line(strings.Join(tree.LeftOut, ", ")))
	}
	if len(tree.Others) > 0 {
		mo.say.note("warning", "its package also holds %s, which mago does not build", visible.Line(strings.Join(tree.Others, ", ")))
	}
}

// NotFetchedError says that build found no source; it does not fetch. Kernels are the words of -l.
type NotFetchedError struct {
	Module  string
	Kernels []string
}

func (e *NotFetchedError) Error() string { return "the source of " + e.Module + " is not here" }

func (e *NotFetchedError) Hint(on System) string {
	words := []string{e.Module}
	if len(e.Kernels) > 0 {
		words = append(words, "-l", strings.Join(e.Kernels, ","))
	}
	return fmt.Sprintf(`run "%s", or "%s" for both`, on.Mago(append([]string{"get"}, words...)...), on.Mago(append([]string{"auto-build"}, words...)...))
}

func (mo *modules) fetcher() *sources.Fetcher {
	return &sources.Fetcher{
		Root: rooted.Root(mo.Root), Cache: mo.Cache, Run: mo.host.query, SystemSources: true, Unauthenticated: mo.Unauthenticated, Locks: mo.locks(mo.Wait.Limit),
	}
}

// unmodifiedConffiles takes the conffiles of an installed package that the administrator has edited out of the archive's package. Where
// that cannot be had they go into no package of mago's: dpkg leaves them where they are.
func (mo *modules) unmodifiedConffiles(ctx context.Context, t *target) error {
	if len(t.tree.Runtime.Edited) == 0 || mo.DryRun {
		return nil
	}
	fetcher := mo.fetcher()
	fetcher.SystemSources = false
	tree, err := fetcher.Get(ctx, *t.pkg)
	if err == nil {
		t.tree.Runtime = tree.Runtime
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	mo.say.note("note", "%s is edited, and %s is not available unedited (%s): the file stays, in no package",
		strings.Join(t.tree.Runtime.Edited, ", "), t.pkg.Name, OneLine(err))
	return nil
}
