package engine

import (
	"cmp"

	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
)

// currentVersion is what a build would give today: apt's candidate of the source with the kernel's present package.
func (sv *surveyor) currentVersion(m moduleState, k kernelState, r *store.Record) string {
	if k.version == "" {
		return ""
	}
	source := r.Source.Version
	if pkg := r.Source.Package; pkg != "" || r.Module == "" {
		known, ok := m.candidates[pkg]
		if !ok {
			known = sv.candidate(m.name, pkg)
			m.candidates[pkg] = known
		}
		source = known
	}
	if source == "" {
		return ""
	}
	return modpkg.Version(source, k.version)
}

// candidate is apt's version, or the one that is pinned, of the package that a module was built from, or would be.
func (sv *surveyor) candidate(module, pkg string) string {
	if sv.catalog.opened() == nil {
		return ""
	}
	if pkg == "" {
		pkg = module
	}
	m, found, err := sv.catalog.opened().Resolve(pkg)
	if err != nil {
		return ""
	}
	return cmp.Or(sv.Of(m.Name).Version, newTarget(m, found).version)
}
