package apt

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"mago/debpkg/control"
	"mago/debpkg/relation"
	"mago/debpkg/rooted"
)

// Closure lists what is installed of the packages that a Depends value names, of those that they depend on in turn, and
// of the essential ones, in the order of their names: what dpkg-genbuildinfo(1) puts into Installed-Build-Depends. A
// relation that cannot be parsed names none.
func (s *Status) Closure(depends string) []Installed {
	reached := map[int]bool{}
	s.reach(depends, reached)
	for i, p := range s.packages {
		if p.Essential {
			s.reachOne(i, reached)
		}
	}
	var all []Installed
	for i := range reached {
		all = append(all, s.packages[i])
	}
	slices.SortFunc(all, func(a, b Installed) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Architecture, b.Architecture))
	})
	return all
}

func (s *Status) reach(depends string, reached map[int]bool) {
	for text := range strings.SplitSeq(depends, ",") {
		r, _ := relation.ParseOne(strings.Join(strings.FieldsFunc(text, control.IsBlank), " "))
		for _, a := range r.Alternatives {
			for _, i := range s.byName[a.Name] {
				s.reachOne(i, reached)
			}
			for _, p := range s.provided[a.Name] {
				s.reachOne(p.by, reached)
			}
		}
	}
}

func (s *Status) reachOne(i int, reached map[int]bool) {
	if !reached[i] {
		reached[i] = true
		s.reach(s.packages[i].PreDepends+","+s.packages[i].Depends, reached)
	}
}

// Sums is the path, inside the root, of dpkg's list of the MD5 sums of an installed package's files; "" where it has
// none.
func (p Installed) Sums(root rooted.Root) string {
	for _, name := range []string{p.Package, p.Package + ":" + p.Architecture} {
		path := filepath.Join("/var/lib/dpkg/info", name+".md5sums")
		if _, err := root.Stat(path); err == nil {
			return path
		}
	}
	return ""
}
