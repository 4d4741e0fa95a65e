package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

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
	t.pkg, t.version, t.lacking = &pkg, version, &PinError{t.name, mo.Of(t.name).PinnedBy, err}
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
	Module, Where string
	Err           error
}

func (e *PinError) Error() string {
	return fmt.Sprintf("%s is pinned by %s: %v", e.Module, e.Where, e.Err)
}
func (e *PinError) Unwrap() error { return e.Err }

// Hint is for a version that apt's lists do not have, "" for another error.
func (e *PinError) Hint() string {
	var missing *NoVersionError
	if !errors.As(e.Err, &missing) {
		return ""
	}
	return missing.Hint() + "; name another version there, or take the line away"
}

// lackedPin says why a module's source cannot be had as it is pinned, nil where it can or is opened here.
func lackedPin(ctx context.Context, mo *modules, module string) error {
	if mo.Of(module).Version == "" || mo.catalog.opened() == nil {
		return nil
	}
	m, pkg, err := mo.catalog.opened().Resolve(module)
	if err != nil {
		return nil
	}
	t := pinned(ctx, mo, newTarget(m, pkg))
	if _, opened := mo.fetcher().Cached(*t.pkg); opened {
		return nil
	}
	return t.lacking
}

// lackedText is such an error with its hint, "" for none.
func lackedText(err error) string {
	var pin *PinError
	if !errors.As(err, &pin) {
		return ""
	}
	return strings.TrimSuffix(OneLine(pin)+"; "+pin.Hint(), "; ")
}

// checkPins has no step for modules whose pinned version cannot be had, and says why.
func checkPins(ctx context.Context, mo *modules, states []State) {
	lacked := map[string]error{}
	for _, module := range ModulesOf(Having(states, State.isDue)) {
		lacked[module] = lackedPin(ctx, mo, module)
	}
	for i := range states {
		if s := &states[i]; s.isDue() && s.Held == "" && lacked[s.Module] != nil {
			s.Word, s.Reason = "", lackedText(lacked[s.Module])
		}
	}
}
