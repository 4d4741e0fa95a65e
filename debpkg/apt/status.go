package apt

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"syscall"

	"mago/debpkg/control"
	"mago/debpkg/relation"
	"mago/debpkg/rooted"
)

// Installed is what dpkg's status says of a package.
type Installed struct {
	Package, Version, Architecture string
	Status                         string // "install ok installed", or another first word such as "hold"
	Source                         string // "" if named like the package
	MultiArch                      string
	Provides, PreDepends, Depends  string
	Conflicts, Breaks              string
	Conffiles                      string // "" for none; see CheckConffiles
	Essential                      bool

	Unauthenticated string // of packages of modules: the field UnauthenticatedField

	Text string // the whole paragraph
	Line int    // where the paragraph begins in its file
	file string // the status file or one of the journal
}

// UnauthenticatedField is the field in which a package of modules names what went into it that no checked signature covers.
const UnauthenticatedField = "Mago-Unauthenticated"

// Status is what dpkg knows of the packages under one root. A package is installed where dpkg lets others depend on it: its
// state is "installed" or "triggers-pending" (dpkg(1)), and it need not be installed again.
type Status struct {
	native     string           // the machine's own architecture: dpkg's
	packages   []Installed      // the installed ones
	byName     map[string][]int // indexes of packages
	provided   map[string][]provision
	present    []Installed // see Present
	broken     []string    // see Broken
	unfinished []string    // see Unfinished
	removed    []string    // see Removed
}

// provision is one package's promise to be another.
type provision struct {
	by      int    // index of packages
	version string // "" for none
}

// ReadStatus reads what dpkg knows under a root: its status file and, over that, the journal of what has changed since, which is
// empty but while dpkg runs and after one that was killed. Where there is no status file nothing is installed, as for dpkg;
// one that cannot be read is an error that names it.
func ReadStatus(root rooted.Root) (*Status, error) {
	known, err := readKnown(root, "/var/lib/dpkg/status")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read dpkg's status: %w", err)
	}
	changes, err := readJournal(root, "/var/lib/dpkg/updates")
	if err != nil {
		return nil, fmt.Errorf("read dpkg's journal: %w", err)
	}
	return statusOf(merge(known, changes)), nil
}

// StatusStamp is another one once dpkg has changed what ReadStatus reads.
func StatusStamp(root rooted.Root) (stamp string) {
	for _, name := range []string{"/var/lib/dpkg/status", "/var/lib/dpkg/updates"} {
		if info, err := root.Stat(name); err == nil {
			stamp += fmt.Sprintln(info.ModTime().UnixNano(), info.Size(), info.Sys().(*syscall.Stat_t).Ino)
		}
	}
	return stamp
}

// statusOf sorts packages by their states.
func statusOf(known []Installed) *Status {
	var packages, present []Installed
	var broken, unfinished, removed []string
	for _, p := range known {
		words := strings.Fields(p.Status)
		if len(words) != 3 {
			continue
		}
		reinstall, state := words[1] == "reinstreq", words[2]
		if state != "config-files" && state != "not-installed" {
			present = append(present, p)
		}
		if !reinstall && (state == "installed" || state == "triggers-pending") {
			packages = append(packages, p)
		}
		switch {
		case reinstall:
			broken = append(broken, p.Package)
		case state == "config-files":
			removed = append(removed, p.Package)
		case state != "installed" && state != "not-installed":
			unfinished = append(unfinished, p.Package)
		}
	}
	s := newStatus(packages)
	s.present, s.broken, s.unfinished, s.removed = present, broken, unfinished, removed
	return s
}

// Present gives the packages that have files on the system, installed or not.
func (s *Status) Present() iter.Seq[Installed] { return slices.Values(s.present) }

// Whole reports whether all files of a package are there: dpkg was not ended while it unpacked or removed it.
func (p Installed) Whole() bool { return !strings.HasSuffix(p.Status, " half-installed") }

// Unfinished lists the packages that dpkg is at work on, or was when it was ended, and that "dpkg --configure -a" finishes.
func (s *Status) Unfinished() []string { return s.unfinished }

// Broken lists the packages that dpkg was ended in the middle of, and that only a new installation mends: "reinst-required"
// of dpkg(1).
func (s *Status) Broken() []string { return s.broken }

// Removed lists the packages that were removed and not purged: "config-files" of dpkg(1).
func (s *Status) Removed() []string { return s.removed }

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
	relations, err := relation.Parse(s.packages[by].Provides)
	if err != nil {
		return
	}
	for _, r := range relations {
		for _, a := range r.Alternatives {
			s.provided[a.Name] = append(s.provided[a.Name], provision{by, a.VersionText()})
		}
	}
}

// With is the status as it would be with further packages installed, which a Reader has read, each in place of the one of
// its name and architecture.
func (s *Status) With(debs ...control.Paragraph) *Status {
	more := installedOf(debs)
	replaced := map[[2]string]bool{}
	for _, p := range more {
		replaced[[2]string{p.Package, p.Architecture}] = true
	}
	for _, p := range s.packages {
		if !replaced[[2]string{p.Package, p.Architecture}] {
			more = append(more, p)
		}
	}
	return newStatus(more)
}

// installedOf are packages as dpkg would have them.
func installedOf(debs []control.Paragraph) (all []Installed) {
	for _, p := range debs {
		all = append(all, Installed{
			Package: p.Get("Package"), Version: p.Get("Version"), Architecture: p.Get("Architecture"),
			Status: "install ok installed", Source: p.Get("Source"), MultiArch: p.Get("Multi-Arch"),
			Provides: p.Get("Provides"), PreDepends: p.Get("Pre-Depends"), Depends: p.Get("Depends"),
			Conflicts: p.Get("Conflicts"), Breaks: p.Get("Breaks"),
		})
	}
	return all
}

// All gives the installed packages; one that is installed for several architectures comes several times.
func (s *Status) All() iter.Seq[Installed] { return slices.Values(s.packages) }

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
