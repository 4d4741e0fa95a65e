package catalog

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// Update reads apt's lists and dpkg's status, asks apt for the candidate versions and writes the index file anew.
// What it returns is what Open would. Where apt has no list at all the error is ErrNoLists. One Update at a time may
// use c.Dir: what it finds there of others it takes for dead ones'.
func Update(ctx context.Context, c Config) (*Index, error) {
	ix, err := c.build(ctx)
	if err != nil {
		return nil, fmt.Errorf("update the module index: %w", err)
	}
	return ix, nil
}

func (c Config) build(ctx context.Context) (*Index, error) {
	inputs, err := c.fingerprint()
	if err != nil {
		return nil, err
	}
	native, err := c.architecture(ctx)
	if err != nil {
		return nil, err
	}
	lists, err := c.readLists(ctx, native)
	if err != nil {
		return nil, err
	}
	status, err := c.readStatus()
	if err != nil {
		return nil, err
	}
	packages, err := c.choose(ctx, native, lists, status)
	if err != nil {
		return nil, err
	}
	ix := &Index{Format: Format, Built: c.now().UTC(), Inputs: inputs, Modules: modules(packages)}
	if err := ix.write(c); err != nil {
		return nil, err
	}
	ix.mergeStatus(status)
	return ix, nil
}

// choose gives every package that apt knows, in the version that it would choose.
func (c Config) choose(ctx context.Context, native string, lists []list, status []stanza) ([]Package, error) {
	selected, err := c.newSelection(lists)
	defer selected.remove()
	if err != nil {
		return nil, fmt.Errorf("select from apt's lists: %w", err)
	}
	versions := versionsOf(native, append(lists, list{found: status}))
	candidates, err := c.candidates(ctx, selected.host, slices.Sorted(maps.Keys(versions)))
	if err != nil {
		return nil, err
	}
	var packages []Package
	for _, name := range slices.Sorted(maps.Keys(candidates)) {
		if listed, ok := versions[name]; ok {
			packages = append(packages, candidate(listed, candidates[name]))
		}
	}
	return packages, nil
}

// versionsOf groups by name the paragraphs of packages that this machine can install.
func versionsOf(native string, lists []list) map[string][]stanza {
	versions := map[string][]stanza{}
	for _, l := range lists {
		for _, s := range l.found {
			if arch := s.fields.Get("Architecture"); arch == native || arch == "all" {
				name := s.fields.Get("Package")
				versions[name] = append(versions[name], s)
			}
		}
	}
	return versions
}

// candidate is the package in a version, out of its listed ones: as a signed list has it, where one does. Where pins
// leave no candidate, the first one listed tells about it.
func candidate(versions []stanza, version string) Package {
	chosen, found := versions[0], false
	for _, s := range versions {
		if s.fields.Get("Version") == version && (!found || s.signed && !chosen.signed) {
			chosen, found = s, true
		}
	}
	p := chosen.pkg()
	p.Version = version
	return p
}
