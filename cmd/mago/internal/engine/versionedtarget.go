package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"mago/catalog"
)

// NoVersionError says that apt's lists do not have a source package in the version that was asked for.
type NoVersionError struct {
	Package, Version string
	Has              []string // the versions that they have, the newest first
}

func (e *NoVersionError) Error() string {
	return fmt.Sprintf("apt's lists do not have %s in version %s", e.Package, e.Version)
}

func (e *NoVersionError) Hint() string {
	if len(e.Has) == 0 {
		return "they have no version of it"
	}
	return "they have " + strings.Join(e.Has, ", ")
}

// versionedTarget is a module of the catalog's in a version of its source package that apt's lists have, NAME=VERSION as apt-get
// takes it; false where the word has no version.
func (mo *modules) versionedTarget(ctx context.Context, ix *catalog.Index, word string) (t target, ok bool, err error) {
	name, version, ok := strings.Cut(word, "=")
	if !ok {
		return t, false, nil
	}
	module, pkg, err := ix.Resolve(name)
	if err != nil {
		return t, true, err
	}
	t, err = mo.inVersion(ctx, newTarget(module, pkg), version)
	return t, true, err
}

// inVersion is a module of the catalog's in another version of its source package.
func (mo *modules) inVersion(ctx context.Context, t target, version string) (target, error) {
	versions, err := mo.apt.catalogConfig().Versions(ctx, t.pkg.Name)
	if err != nil {
		return t, err
	}
	i := slices.IndexFunc(versions, func(p catalog.Package) bool { return p.Version.String() == version })
	if i < 0 {
		missing := &NoVersionError{Package: t.pkg.Name.String(), Version: version}
		for _, p := range versions {
			missing.Has = append(missing.Has, p.Version.String())
		}
		return t, missing
	}
	versions[i].Installed, versions[i].Damaged = t.pkg.Installed, t.pkg.Damaged
	t.pkg, t.version, t.exact, t.only = &versions[i], version, true, true
	return t, nil
}
