package apt

import (
	"fmt"
	"slices"
	"strings"

	"mago/debpkg/control"
	"mago/debpkg/relation"
)

// Clash is an installed package beside which one that comes cannot be (Policy 7.3, 7.4).
type Clash struct {
	Package    string // the one that has the relation
	Field      string // Conflicts or Breaks
	Relation   string // as the package writes it
	With, Have string // the other package and its version
}

// ConflictError says that packages cannot be installed beside others, and that apt can only remove these.
type ConflictError struct{ Clashes []Clash }

func (e *ConflictError) Error() string {
	var parts []string
	for _, c := range e.Clashes {
		verb := map[string]string{"Conflicts": "conflicts with", "Breaks": "breaks"}[c.Field]
		parts = append(parts, fmt.Sprintf("%s %s %s, and %s %s would be installed beside it", c.Package, verb, c.Relation, c.With, c.Have))
	}
	return strings.Join(parts, "; ")
}

// clashes lists what of packages that come cannot be together with what is installed.
func (s *Status) clashes(debs []control.Paragraph) (all []Clash) {
	coming := newStatus(installedOf(debs))
	staying := s.without(coming)
	for _, p := range coming.packages {
		all = append(all, staying.against(p)...)
	}
	for _, p := range staying.packages {
		all = append(all, coming.against(p)...)
	}
	return all
}

// against lists what of the status a package has relations against; what it provides itself is not.
func (s *Status) against(p Installed) (all []Clash) {
	for _, field := range []struct{ name, value string }{{"Conflicts", p.Conflicts}, {"Breaks", p.Breaks}} {
		relations, err := relation.Parse(field.value)
		if err != nil {
			continue // dpkg has taken it, or will refuse it
		}
		for _, r := range relations {
			for _, i := range s.named(r.Alternatives[0]) {
				if other := s.packages[i]; other.Package != p.Package {
					all = append(all, Clash{p.Package, field.name, r.Text, other.Package, other.Version})
				}
			}
		}
	}
	return all
}

// named gives the indexes of the packages that have a name and a version, or provide them, of whatever architecture.
func (s *Status) named(a relation.Alternative) []int {
	var all []int
	for _, i := range s.byName[a.Name] {
		if a.Accepts(s.packages[i].Version) {
			all = append(all, i)
		}
	}
	for _, provision := range s.provided[a.Name] {
		if a.Accepts(provision.version) && !slices.Contains(all, provision.by) {
			all = append(all, provision.by)
		}
	}
	return all
}

// without is the status but for the packages that others are put in the place of.
func (s *Status) without(coming *Status) *Status {
	var rest []Installed
	for _, p := range s.packages {
		if _, replaced := coming.byName[p.Package]; !replaced {
			rest = append(rest, p)
		}
	}
	return newStatus(rest)
}

// Matching lists the installed packages that the relations of a field name, with their versions. Replaces is about no others.
func (s *Status) Matching(field string) (names []string) {
	relations, err := relation.Parse(field)
	if err != nil {
		return nil
	}
	for _, r := range relations {
		for _, a := range r.Alternatives {
			for _, i := range s.byName[a.Name] {
				if a.Accepts(s.packages[i].Version) {
					names = append(names, a.Name)
				}
			}
		}
	}
	return names
}
