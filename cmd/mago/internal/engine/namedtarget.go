package engine

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"mago/catalog"
	"mago/sources"
	"mago/sources/way"
)

// OpenToOthersError says that what /usr/src has under a name may be changed by somebody else. By its path it can be named all
// the same: then it is known whose word it is.
type OpenToOthersError struct {
	Name, Path string
	Shared     *way.Shared
}

func (e *OpenToOthersError) Error() string {
	return fmt.Sprintf("mago does not take %s from %s by that name alone: %s", e.Name, e.Path, e.Shared)
}

// namedTarget is the module of a name, which the catalog knows, or a build's record, or /usr/src. Of what was built from
// there the newest version is meant.
func (mo *modules) namedTarget(ctx context.Context, ix *catalog.Index, name string) (target, error) {
	module, pkg, err := ix.Resolve(name)
	if err == nil {
		return mo.succeeded(ix, newTarget(module, pkg)), nil
	}
	recorded, known := mo.recordedTarget(ctx, name)
	if known && recorded.tree != nil && !isBelow(recorded.tree.Dir, filepath.Join(mo.Root, "usr/src")) {
		return recorded, nil
	}
	found, ok := mo.fetcher().FindInUsrSrc(name)
	switch {
	case ok:
		return mo.foundTarget(ctx, name, found)
	case known:
		return recorded, nil
	}
	if unknown := (*catalog.NotFoundError)(nil); errors.As(err, &unknown) {
		err = ix.Locate(ctx, mo.apt.catalogConfig(), unknown)
	}
	return target{}, err
}

// succeeded is what a transitional package leads to, with a line that says so, or else the target itself.
func (mo *modules) succeeded(ix *catalog.Index, t target) target {
	next, ok := ix.Successor(*t.pkg)
	if !ok {
		return t
	}
	mo.say.note("note", "%s is a transitional package and leads to %s", t.pkg.Name, next.Packages[0].Name)
	return newTarget(next, nil)
}

// foundTarget is a source of /usr/src that somebody named, of which nobody but root and the caller may change anything.
func (mo *modules) foundTarget(ctx context.Context, name string, found sources.Found) (target, error) {
	shared, err := found.Shared()
	if err == nil && shared != nil && !mo.Reading {
		err = &OpenToOthersError{name, found.Path, shared}
	}
	if err != nil {
		return target{}, err
	}
	return mo.localTarget(ctx, found.Path, "")
}

// inUsrSrc are the sources of /usr/src that are not among the targets and that no list of apt's knows, as far as they
// tell of themselves without being opened.
func (mo *modules) inUsrSrc(ix *catalog.Index, targets []target) (more []target) {
	for _, found := range mo.fetcher().InUsrSrc() {
		_, _, err := ix.Resolve(found.Name)
		if err != nil && !slices.ContainsFunc(targets, func(t target) bool { return t.name == found.Name }) {
			more = append(more, target{name: found.Name, version: found.Version})
		}
	}
	return more
}

// noteNewer says where /usr/src has a later version of what a name means.
func (mo *modules) noteNewer(targets []target) {
	all := mo.fetcher().InUsrSrc()
	for _, t := range targets {
		if t.pkg == nil || t.exact || t.only {
			continue
		}
		if found, ok := sources.FoundNamed(all, t.name); ok && found.Newer(t.version) {
			mo.say.note("note", "%s is newer; to use it, name it by its path", found.Path)
		}
	}
}
