package engine

import (
	"fmt"
	"slices"
	"strings"

	"mago/cmd/mago/internal/store"
	"mago/debpkg/apt"
)

// What a run with --allow-unauthenticated has built or installed is as good as not there for one without: the record of a
// build and the control fields of its packages name what no signature covers that apt has checked.

// UnauthenticatedBuildError says that a package is not installed because nobody vouches for what it was built from.
type UnauthenticatedBuildError struct {
	pkg  string
	from []string
}

func (e *UnauthenticatedBuildError) Error() string {
	return fmt.Sprintf("install %s: no signature that apt has checked covers %s, which it was built from", e.pkg, strings.Join(e.from, ", "))
}

// usable reports whether a build's packages may serve in this run.
func (b *base) usable(r store.Record) bool {
	return b.Unauthenticated || len(r.UnauthenticatedInputs()) == 0
}

// usableInstalled reports whether a package of modules is installed, and may serve in this run.
func (b *base) usableInstalled(p apt.Installed) bool {
	return p.Version != "" && (b.Unauthenticated || p.Unauthenticated == "")
}

// noteNeed takes down what no signature covers of a module that the build is compiled against.
func noteNeed(r *store.Record, n target, built store.Record) {
	from := built.UnauthenticatedInputs()
	if n.pkg != nil && n.pkg.Unauthenticated {
		from = append(from, n.describe())
	}
	r.Unauthenticated = append(r.Unauthenticated, from...)
	slices.Sort(r.Unauthenticated)
	r.Unauthenticated = slices.Compact(r.Unauthenticated)
}
