package engine

import (
	"context"

	"mago/debpkg/apt"
)

// openHere is openCached, and tells of a source that is not mago's own.
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
	return mo.notHere(*t)
}

// notHere says why a module's source cannot be had without fetching.
func (mo *modules) notHere(t target) error {
	if t.pkg != nil && t.pkg.Unauthenticated && !mo.Unauthenticated {
		return &apt.UnauthenticatedError{Package: t.pkg.Name.String(), Version: t.version}
	}
	return &NotFetchedError{t.name}
}
