package engine

import (
	"context"
	"slices"

	"mago/catalog"
	"mago/cmd/mago/internal/store"
	"mago/debpkg"
	"mago/sources"
)

// recordedTarget is a module that no list knows but that was built here, from a directory or tarball that is taken
// again, under the same name, where it still is: of several the one that was built last.
func (mo *modules) recordedTarget(ctx context.Context, name string) (target, bool) {
	records, err := mo.store.All(name)
	if err != nil {
		return target{}, false
	}
	return mo.targetOf(ctx, name, records)
}

// installedTargets are the modules whose source package is installed, and those that are installed built; each from what
// is installed of it.
func (mo *modules) installedTargets(ctx context.Context, ix *catalog.Index) ([]target, error) {
	built, err := mo.pkgs.installedPackages()
	if err != nil {
		return nil, err
	}
	var found []target
	for _, m := range ix.Modules {
		if t, ok := mo.installedTarget(ctx, m, built); ok {
			found = append(found, t)
		}
	}
	for _, p := range built {
		if slices.ContainsFunc(found, func(t target) bool { return t.name == p.module }) {
			continue
		}
		t, ok := mo.recordedTarget(ctx, p.module)
		if !ok {
			t = target{name: p.module, version: p.Version}
		}
		found = append(found, t)
	}
	return found, nil
}

// installedTarget is a module of the catalog's from the source that its installed modules were built of, as a record
// tells, else from the source package that is installed; false where neither is.
func (mo *modules) installedTarget(ctx context.Context, m catalog.Module, built []modulesPackage) (target, bool) {
	built = slices.DeleteFunc(slices.Clone(built), func(p modulesPackage) bool { return p.module != m.Name })
	var newest *target
	for _, p := range built {
		if t, ok := mo.builtTarget(ctx, m, p); ok && (newest == nil || debpkg.CompareVersions(t.version, newest.version) > 0) {
			newest = &t
		}
	}
	if newest != nil {
		return *newest, true
	}
	for i, p := range m.Packages {
		if p.Installed.IsZero() {
			continue
		}
		if i == 0 {
			return newTarget(m, nil), true
		}
		return newTarget(m, &m.Packages[i]), true
	}
	return newTarget(m, nil), len(built) > 0
}

// builtTarget is the source that an installed package of modules was built of, where its record is here; in the version of then,
// where that is newer than apt's candidate and apt still has it.
func (mo *modules) builtTarget(ctx context.Context, m catalog.Module, p modulesPackage) (target, bool) {
	r, ok := mo.store.Get(store.ID{Module: p.module, Kernel: p.release})
	if !ok || !r.IsInstalled(p.Version) {
		return target{}, false
	}
	if r.Source.Package == "" {
		return mo.recordedTarget(ctx, m.Name)
	}
	i := slices.IndexFunc(m.Packages, func(p catalog.Package) bool { return p.Name.String() == r.Source.Package })
	if i < 0 {
		return target{}, false
	}
	t := newTarget(m, nil)
	if i > 0 {
		t = newTarget(m, &m.Packages[i])
	}
	if debpkg.CompareVersions(r.Source.Version, t.version) > 0 {
		if then, err := mo.inVersion(ctx, t, r.Source.Version); err == nil {
			return then, true
		}
	}
	return t, true
}

// unpackedTargets are the modules whose source is opened in the cache, and those of tarballs that were built.
func (mo *modules) unpackedTargets(ctx context.Context, ix *catalog.Index) ([]target, error) {
	trees, err := mo.fetcher().Unpacked()
	if err != nil {
		return nil, err
	}
	found := mo.targetsOf(ix, func(m catalog.Module) bool {
		return slices.ContainsFunc(trees, func(u sources.Unpacked) bool { return u.Name == m.Name && u.Package != "" })
	})
	for _, u := range trees {
		if u.Package != "" {
			continue
		}
		if t, ok := mo.recordedTarget(ctx, catalog.ModuleName(u.Name)); ok {
			found = append(found, t)
		}
	}
	return found, nil
}
