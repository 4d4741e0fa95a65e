package apt

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mago/debpkg/control"
	"mago/debpkg/relation"
)

// Installed is what dpkg's status file says of an installed package.
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
}

// UnauthenticatedField is the field in which a package of modules names what went into it that no checked signature covers.
const UnauthenticatedField = "Mago-Unauthenticated"

// Status is what is installed under one root.
type Status struct {
	native     string // the machine's own architecture: dpkg's
	packages   []Installed
	byName     map[string][]int // indexes of packages
	provided   map[string][]provision
	broken     []string // see Broken
	unfinished []string // see Unfinished
	removed    []string // see Removed
}

// provision is one package's promise to be another.
type provision struct {
	by      int    // index of packages
	version string // "" for none
}

// ReadStatus reads what dpkg knows under root ("" or "/": the running system): its status file and, over that, the journal
// of what has changed since, which is empty but while dpkg runs and after one that was killed.
func ReadStatus(root string) (*Status, error) {
	dir := filepath.Join("/", root, "var/lib/dpkg")
	known, err := readKnown(filepath.Join(dir, "status"))
	if err != nil {
		return nil, fmt.Errorf("read dpkg's status: %w", err)
	}
	changes, err := readJournal(filepath.Join(dir, "updates"))
	if err != nil {
		return nil, fmt.Errorf("read dpkg's journal: %w", err)
	}
	var packages []Installed
	var broken, unfinished, removed []string
	for _, p := range merge(known, changes) {
		words := strings.Fields(p.Status)
		if len(words) != 3 {
			continue
		}
		switch state := words[2]; {
		case words[1] == "reinstreq":
			broken = append(broken, p.Package)
		case state == "installed":
			packages = append(packages, p)
		case state == "config-files":
			removed = append(removed, p.Package)
		case state != "not-installed":
			unfinished = append(unfinished, p.Package)
		}
	}
	status := newStatus(packages)
	status.broken, status.unfinished, status.removed = broken, unfinished, removed
	return status, nil
}

// Unfinished lists the packages that dpkg is at work on, or was when it was ended, and that "dpkg --configure -a" finishes.
func (s *Status) Unfinished() []string { return s.unfinished }

// Broken lists the packages that dpkg was ended in the middle of, and that only a new installation mends: "reinst-required"
// of dpkg(1).
func (s *Status) Broken() []string { return s.broken }

// Removed lists the packages that were removed and not purged: "config-files" of dpkg(1).
func (s *Status) Removed() []string { return s.removed }

// readJournal reads the files of dpkg's journal one after the other; their names are numbers of as many digits each.
func readJournal(dir string) (changes []Installed, err error) {
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, file := range files {
		if strings.Trim(file.Name(), "0123456789") != "" {
			continue
		}
		more, err := readKnown(filepath.Join(dir, file.Name()))
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // dpkg is done with it
			return nil, err
		}
		changes = append(changes, more...)
	}
	return changes, err
}

// readKnown reads the paragraphs of a file of dpkg's without decoding them; dpkg takes names and states in capitals, too.
func readKnown(path string) ([]Installed, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []Installed
	at := map[[2]string]int{}
	s := control.NewScanner(f, path)
	for s.Scan() {
		if bytes.IndexByte(s.Bytes(), 0) >= 0 || bytes.IndexByte(s.Bytes(), 0x1a) >= 0 {
			return nil, fmt.Errorf("%s:%d: a NUL or ^Z, where dpkg stops reading; of its status, status-old and /var/backups have earlier ones", path, s.Line())
		}
		field := func(name string) string { return string(s.Field(name)) }
		p := Installed{
			Package: strings.ToLower(field("Package")), Version: field("Version"), Architecture: field("Architecture"),
			Status: statusOf(field("Status")), Source: field("Source"), MultiArch: strings.ToLower(field("Multi-Arch")),
			Provides: field("Provides"), PreDepends: field("Pre-Depends"), Depends: field("Depends"),
			Conflicts: field("Conflicts"), Breaks: field("Breaks"), Conffiles: field("Conffiles"),
			Essential: strings.EqualFold(field("Essential"), "yes"),
		}
		if strings.Contains(p.Package, "-modules-") {
			p.Unauthenticated = field(UnauthenticatedField)
		}
		key := [2]string{p.Package, p.Architecture}
		if i, twice := at[key]; twice { // the last counts
			all[i] = p
			continue
		}
		at[key] = len(all)
		all = append(all, p)
	}
	return all, s.Err()
}

// statusWords are what dpkg knows for each of a Status's three words: what is wanted, the error flag, the state (dpkg-query(1)).
var statusWords = [][]string{
	{"unknown", "install", "hold", "deinstall", "purge"},
	{"ok", "reinstreq"},
	{"not-installed", "config-files", "half-installed", "unpacked", "half-configured", "triggers-awaited", "triggers-pending", "installed"},
}

// statusOf reads a Status as dpkg does, which goes by how the words begin, whatever parts them; "" where it is none.
func statusOf(text string) string {
	rest := strings.ToLower(text)
	var words []string
	for _, known := range statusWords {
		rest = strings.TrimSpace(rest)
		i := slices.IndexFunc(known, func(word string) bool { return strings.HasPrefix(rest, word) })
		if i < 0 {
			return ""
		}
		words = append(words, known[i])
		rest = rest[len(known[i]):]
	}
	return strings.Join(words, " ")
}

// merge puts each change in the place of what it is about: the package of its name and architecture, or the only one of its
// name, unless several may be installed side by side.
func merge(known, changes []Installed) []Installed {
	for _, c := range changes {
		var named, same []int
		for i, p := range known {
			if p.Package == c.Package {
				named = append(named, i)
				if p.Architecture == c.Architecture {
					same = append(same, i)
				}
			}
		}
		switch {
		case len(same) > 0:
			known[same[0]] = c
		case len(named) == 1 && (known[named[0]].MultiArch != "same" || c.MultiArch != "same"):
			known[named[0]] = c
		default:
			known = append(known, c)
		}
	}
	return known
}

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
