package catalog

import (
	"context"
	"fmt"
	"slices"

	"mago/debpkg/word"
)

// Versions gives a module source in each version that apt's lists have, whatever its candidate is, the newest first.
func (c Config) Versions(ctx context.Context, name word.Package) ([]Package, error) {
	native, err := c.architecture(ctx)
	if err != nil {
		return nil, err
	}
	lists, err := c.readLists(ctx, native)
	if err != nil {
		return nil, fmt.Errorf("look for versions of %s: %w", name, err)
	}
	listed := versionsOf(native, lists)[name]
	var all []Package
	for _, s := range listed {
		if !slices.ContainsFunc(all, func(p Package) bool { return p.Version == s.version }) {
			all = append(all, candidate(listed, s.version))
		}
	}
	slices.SortFunc(all, func(a, b Package) int { return compare(b.Version, a.Version) })
	return all, nil
}
