package engine

import (
	"context"

	"mago/debpkg/word"
)

// pinned is a target of the catalog's in the version that the configuration pins its module to. Where apt's lists do not have that
// one the target serves for what is there already.
func pinned(ctx context.Context, mo *modules, t target) target {
	version := mo.Of(t.name).Version
	if version == "" || t.pkg == nil {
		return t
	}
	exact := t.exact
	if t.version != version {
		t = inPinned(ctx, mo, t, version)
	}
	t.exact, t.only = exact, true
	return t
}

// inPinned is a target in another version, if need be as its source was opened before.
func inPinned(ctx context.Context, mo *modules, t target, version string) target {
	other, err := mo.inVersion(ctx, t, version)
	if err == nil {
		return other
	}
	pkg := *t.pkg
	pkg.Version, _ = word.ParseVersion(version) // which the configuration has looked at
	t.pkg, t.version, t.lacking = &pkg, version, &PinError{t.name, err}
	return t
}

// allPinned is pinned for several.
func allPinned(ctx context.Context, mo *modules, targets []target) []target {
	for i := range targets {
		targets[i] = pinned(ctx, mo, targets[i])
	}
	return targets
}

// PinError says that a module cannot be had in the version that the configuration pins it to.
type PinError struct {
	Module string
	Err    error
}

func (e *PinError) Error() string { return e.Module + " is pinned: " + e.Err.Error() }
func (e *PinError) Unwrap() error { return e.Err }
