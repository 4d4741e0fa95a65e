package engine

import (
	"os"
	"slices"

	"mago/catalog"
	"mago/cmd/mago/internal/store"
	"mago/debpkg"
)

// wordFor is what names a module on a command line, "" where nothing here would build it; own says that only this user's
// cache knows the source. first is a record of the module, nil where there is none.
func (sv *surveyor) wordFor(first *store.Record, module string) (word string, own bool) {
	if first != nil && first.Source.Package == "" {
		if _, err := os.Stat(first.Source.Path); err == nil {
			return module, true
		}
	}
	if sv.catalog.opened() == nil {
		return module, false
	}
	m, _, err := sv.catalog.opened().Resolve(module)
	if err != nil {
		return "", false
	}
	if first != nil && slices.ContainsFunc(m.Packages, func(p catalog.Package) bool { return p.Name.String() == first.Source.Package }) &&
		m.Packages[0].Name.String() != first.Source.Package {
		return first.Source.Package, false
	}
	return module, false
}

// withVersion has a module's word name the version of what was installed of it, where that is newer than apt's candidate.
func (sv *surveyor) withVersion(word string, newest *store.Record) string {
	if word == "" || newest == nil || newest.Source.Package == "" {
		return word
	}
	if sv.Of(newest.Module).Version != "" {
		return word
	}
	candidate := sv.candidate(newest.Module, newest.Source.Package)
	if candidate == "" || debpkg.CompareVersions(newest.Source.Version, candidate) <= 0 {
		return word
	}
	return newest.Source.Package + "=" + newest.Source.Version
}
