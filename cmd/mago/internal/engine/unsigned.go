package engine

import (
	"fmt"
	"mago/debpkg/apt"
	"slices"
	"strings"
)

// What a run with --allow-unauthenticated has built or installed is as good as not there for one without: the record of a
// build and the control fields of its packages name what no signature covers that apt has checked.

// UnsignedError says that a package is not installed because nobody vouches for what it was built from.
type UnsignedError struct {
	pkg  string
	from []string
}

func (e *UnsignedError) Error() string {
	return fmt.Sprintf("install %s: no signature that apt has checked covers %s, which it was built from", e.pkg, strings.Join(e.from, ", "))
}

// unauthenticated names what went into a build that no signature covers.
func (r Record) unauthenticated() []string {
	if !r.Source.Unauthenticated {
		return r.Unauthenticated
	}
	return append([]string{r.Source.Package + " " + r.Source.Version}, r.Unauthenticated...)
}

func (r Record) isUnauthenticated() bool { return len(r.unauthenticated()) > 0 }

// vouched reports whether a build's packages may serve in this run.
func (b *base) vouched(r Record) bool { return b.Unauthenticated || !r.isUnauthenticated() }

// counts reports whether a package of modules is installed, and may serve in this run.
func (b *base) counts(p apt.Installed) bool {
	return p.Version != "" && (b.Unauthenticated || p.Unauthenticated == "")
}

// noteNeed takes down what no signature covers of a module that the build is compiled against.
func (r *Record) noteNeed(n target, built Record) {
	from := built.unauthenticated()
	if n.pkg != nil && n.pkg.Unauthenticated {
		from = append(from, n.describe())
	}
	r.Unauthenticated = append(r.Unauthenticated, from...)
	slices.Sort(r.Unauthenticated)
	r.Unauthenticated = slices.Compact(r.Unauthenticated)
}
