package apt

import (
	"cmp"
	"iter"
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
	for i := range s.meant(depends) {
		s.reachOne(i, reached)
	}
}

// meant gives the indexes of what is installed of the packages that a Depends value names.
func (s *Status) meant(depends string) iter.Seq[int] {
	return func(yield func(int) bool) {
		for text := range strings.SplitSeq(depends, ",") {
			r, _ := relation.ParseOne(strings.Join(strings.FieldsFunc(text, control.IsBlank), " "))
			for _, a := range r.Alternatives {
				for _, i := range s.byName[a.Name] {
					if !yield(i) {
						return
					}
				}
				for _, p := range s.provided[a.Name] {
					if !yield(p.by) {
						return
					}
				}
			}
		}
	}
}

// Closest lists, of a Depends value's closure, the packages that it names itself, those that have one of some files, and what came
// from one source package with any of these; strange are the files that no package of the closure has. Files are paths inside the
// root, without links.
func (s *Status) Closest(root rooted.Root, depends string, files []string) (packages []Installed, strange []string, err error) {
	near := map[string]bool{} // source packages
	for i := range s.meant(depends) {
		near[s.packages[i].sourceName()] = true
	}
	closure := s.Closure(depends)
	strange = slices.Clone(files)
	for _, p := range closure {
		if len(strange) == 0 {
			break
		}
		own, err := p.Files(root)
		if err != nil {
			return nil, nil, err
		}
		left := slices.DeleteFunc(slices.Clone(strange), func(file string) bool { return owns(own, file) })
		near[p.sourceName()] = near[p.sourceName()] || len(left) < len(strange)
		strange = left
	}
	return slices.DeleteFunc(closure, func(p Installed) bool { return !near[p.sourceName()] }), strange, nil
}

// owns reports whether a file is among those of a package, which may know it by its path before /usr was merged.
func owns(files []string, file string) bool {
	return slices.Contains(files, file) || slices.Contains(files, strings.TrimPrefix(file, "/usr"))
}

// sourceName is the name of the source package.
func (p Installed) sourceName() string {
	name, _, _ := strings.Cut(cmp.Or(p.Source, p.Package), " ")
	return name
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
