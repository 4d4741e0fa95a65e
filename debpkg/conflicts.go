package debpkg

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mago/debpkg/control"
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

var against = []string{"Conflicts", "Breaks"}

// clashes lists what of the packages cannot be together with what is installed under root.
func (s *Status) clashes(root string, debs []control.Paragraph) ([]Clash, error) {
	coming := newStatus(installedOf(debs))
	staying := s.without(coming)
	var all []Clash
	for _, deb := range debs {
		all = append(all, staying.against(deb.Get("Package"), deb.Get)...)
	}
	f, err := os.Open(filepath.Join("/", root, "var/lib/dpkg/status"))
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read dpkg's status: %w", err)
	}
	defer f.Close()
	known := control.NewScanner(f, f.Name())
	for known.Scan() {
		name := strings.ToLower(string(known.Field("Package")))
		if _, installed := staying.Installed(name); installed {
			all = append(all, coming.against(name, func(field string) string { return string(known.Field(field)) })...)
		}
	}
	return all, known.Err()
}

// against lists what of the status a package has relations against; what it provides itself is not.
func (s *Status) against(name string, get func(field string) string) (all []Clash) {
	for _, field := range against {
		relations, err := parseRelations(get(field))
		if err != nil {
			continue // dpkg has taken it, or will refuse it
		}
		for _, r := range relations {
			for _, i := range s.named(r.alternatives[0]) {
				if p := s.packages[i]; p.Package != name {
					all = append(all, Clash{name, field, r.text, p.Package, p.Version})
				}
			}
		}
	}
	return all
}

// named gives the indexes of the packages that have a name and a version, or provide them, of whatever architecture.
func (s *Status) named(a alternative) []int {
	var all []int
	for _, i := range s.byName[a.name] {
		if a.accepts(s.packages[i].Version) {
			all = append(all, i)
		}
	}
	for _, provision := range s.provided[a.name] {
		if a.accepts(provision.version) && !slices.Contains(all, provision.by) {
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
	relations, err := parseRelations(field)
	if err != nil {
		return nil
	}
	for _, r := range relations {
		for _, a := range r.alternatives {
			for _, i := range s.byName[a.name] {
				if a.accepts(s.packages[i].Version) {
					names = append(names, a.name)
				}
			}
		}
	}
	return names
}
