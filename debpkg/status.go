package debpkg

import (
	"bytes"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"mago/debpkg/control"
)

// Installed is what dpkg's status file says of an installed package.
type Installed struct {
	Package, Version, Architecture string
	Status                         string // "install ok installed", or another first word such as "hold"
	Source                         string // "" if named like the package
	MultiArch                      string
	Provides, PreDepends, Depends  string
	Essential                      bool
}

// Status is what is installed under one root.
type Status struct {
	native   string // the machine's own architecture: dpkg's
	packages []Installed
	byName   map[string][]int // indexes of packages
	provided map[string][]provision
	broken   []string // see Broken
}

// provision is one package's promise to be another.
type provision struct {
	by      int    // index of packages
	version string // "" for none
}

// ReadStatus reads dpkg's status file under root ("" or "/": the running system).
func ReadStatus(root string) (*Status, error) {
	path := filepath.Join("/", root, "var/lib/dpkg/status")
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read dpkg's status: %w", err)
	}
	defer f.Close()
	var packages []Installed
	var broken []string
	s := control.NewScanner(f, path)
	for s.Scan() {
		if bytes.IndexByte(s.Bytes(), 0) >= 0 || bytes.IndexByte(s.Bytes(), 0x1a) >= 0 {
			return nil, fmt.Errorf("%s:%d: a NUL or ^Z, where dpkg stops reading; %s-old is what dpkg had before", path, s.Line(), path)
		}
		if p, ok := installed(s); ok {
			packages = append(packages, p)
		} else if words := statusOf(s); len(words) == 3 && words[1] == "reinstreq" {
			broken = append(broken, packageOf(s))
		}
	}
	if s.Err() != nil {
		return nil, s.Err()
	}
	status := newStatus(packages)
	status.broken = broken
	return status, nil
}

// Broken lists the packages that dpkg was ended in the middle of, and that only a new installation mends: "reinst-required"
// of dpkg(1).
func (s *Status) Broken() []string { return s.broken }

// installed reads a paragraph without decoding it; dpkg writes these fields on one line each.
func installed(s *control.Scanner) (Installed, bool) {
	status := statusOf(s)
	if len(status) != 3 || status[1] != "ok" || status[2] != "installed" {
		return Installed{}, false
	}
	field := func(name string) string { return string(s.Field(name)) }
	return Installed{
		Package: packageOf(s), Version: field("Version"), Architecture: field("Architecture"),
		Status: strings.Join(status, " "), Source: field("Source"), MultiArch: field("Multi-Arch"),
		Provides: field("Provides"), PreDepends: field("Pre-Depends"), Depends: field("Depends"),
		Essential: field("Essential") == "yes",
	}, true
}

// statusOf gives the three words of a paragraph's Status: what is wanted, the error flag, the state (dpkg-query(1)).
func statusOf(s *control.Scanner) []string {
	return strings.Fields(strings.ToLower(string(s.Field("Status"))))
}

// packageOf gives a paragraph's name, which dpkg makes small.
func packageOf(s *control.Scanner) string { return strings.ToLower(string(s.Field("Package"))) }

func newStatus(packages []Installed) *Status {
	s := &Status{packages: packages, byName: map[string][]int{}, provided: map[string][]provision{}}
	for i, p := range packages {
		s.byName[p.Package] = append(s.byName[p.Package], i)
		if p.Package == "dpkg" {
			s.native = p.Architecture
		}
		s.addProvides(i)
	}
	return s
}

// addProvides takes a Provides that cannot be parsed for none: the other packages are no worse for it.
func (s *Status) addProvides(by int) {
	relations, err := parseRelations(s.packages[by].Provides)
	if err != nil {
		return
	}
	for _, r := range relations {
		for _, a := range r.alternatives {
			s.provided[a.name] = append(s.provided[a.name], provision{by, a.versionText()})
		}
	}
}

// With is the status as it would be with further packages installed, which a Reader has read, each in place of the one of
// its name and architecture.
func (s *Status) With(debs ...control.Paragraph) *Status {
	var more []Installed
	replaced := map[[2]string]bool{}
	for _, p := range debs {
		replaced[[2]string{p.Get("Package"), p.Get("Architecture")}] = true
		more = append(more, Installed{
			Package: p.Get("Package"), Version: p.Get("Version"), Architecture: p.Get("Architecture"),
			Status: "install ok installed", Source: p.Get("Source"), MultiArch: p.Get("Multi-Arch"),
			Provides: p.Get("Provides"), PreDepends: p.Get("Pre-Depends"), Depends: p.Get("Depends"),
		})
	}
	for _, p := range s.packages {
		if !replaced[[2]string{p.Package, p.Architecture}] {
			more = append(more, p)
		}
	}
	return newStatus(more)
}

// All gives the installed packages; one that is installed for several architectures comes several times.
func (s *Status) All() iter.Seq[Installed] {
	return func(yield func(Installed) bool) {
		for _, p := range s.packages {
			if !yield(p) {
				return
			}
		}
	}
}

// Installed finds a package by its name, that of the machine's own architecture first.
func (s *Status) Installed(name string) (Installed, bool) {
	found := s.byName[name]
	for _, i := range found {
		if arch := s.packages[i].Architecture; arch == s.native || arch == "all" {
			return s.packages[i], true
		}
	}
	if len(found) > 0 {
		return s.packages[found[0]], true
	}
	return Installed{}, false
}
