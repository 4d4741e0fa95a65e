package catalog

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"mago/debpkg/word"
)

// Update reads apt's lists and dpkg's status, asks apt for the candidate versions and writes a new index file. It returns what
// Open would, and Changed. The error is ErrNoLists where apt has no lists. Only one Update at a time may use c.Dir, because it
// removes what others left there.
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
	ix := &Index{Format: Format, Built: c.now().UTC(), Inputs: inputs, LeftOut: leftOut(lists), Modules: modules(packages)}
	before, err := readIndex(c)
	ix.Changed = err != nil || !reflect.DeepEqual(before.Modules, ix.Modules)
	if err := ix.write(c); err != nil {
		return nil, err
	}
	ix.mergeStatus(status)
	return ix, nil
}

// choose returns every package that apt knows, in its candidate version.
func (c Config) choose(ctx context.Context, native word.Architecture, lists []list, status list) ([]Package, error) {
	selected, err := c.newSelection(lists)
	defer selected.remove()
	if err != nil {
		return nil, fmt.Errorf("select from apt's lists: %w", err)
	}
	versions := versionsOf(native, append(lists, status))
	candidates, err := c.candidates(ctx, selected.host, sortedNames(versions))
	if err != nil {
		return nil, err
	}
	var packages []Package
	for _, name := range sortedNames(candidates) {
		if listed, ok := versions[name]; ok {
			packages = append(packages, candidate(listed, candidates[name]))
		}
	}
	return packages, nil
}

// versionsOf groups by name the paragraphs of packages that this machine can install.
func versionsOf(native word.Architecture, lists []list) map[word.Package][]stanza {
	versions := map[word.Package][]stanza{}
	for _, l := range lists {
		for _, s := range l.found {
			if s.architecture == native || s.architecture.String() == "all" {
				versions[s.name] = append(versions[s.name], s)
			}
		}
	}
	return versions
}

func sortedNames[V any](byName map[word.Package]V) []word.Package {
	return slices.SortedFunc(maps.Keys(byName), func(a, b word.Package) int { return cmp.Compare(a.String(), b.String()) })
}

// candidate finds a package's candidate version among its listed ones, preferring a signed list. Where pins leave no
// candidate, the first listed version describes the package.
func candidate(versions []stanza, version word.Version) Package {
	chosen, found := versions[0], false
	for _, s := range versions {
		if s.version == version && (!found || s.signed && !chosen.signed) {
			chosen, found = s, true
		}
	}
	p := chosen.pkg()
	p.Version = version
	return p
}
