package apt

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"mago/debpkg/control"
	"mago/debpkg/rooted"
)

// readJournal reads the files of dpkg's journal one after the other; their names are numbers of as many digits each.
func readJournal(root rooted.Root, dir string) (changes []Installed, err error) {
	files, err := root.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, file := range files {
		if strings.Trim(file.Name(), "0123456789") != "" {
			continue
		}
		more, err := readKnown(root, path.Join(dir, file.Name()))
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // dpkg is done with it
			return nil, err
		}
		changes = append(changes, more...)
	}
	return changes, err
}

// readKnown reads the paragraphs of a file of dpkg's without decoding them; dpkg takes names and states in capitals, too.
func readKnown(root rooted.Root, name string) ([]Installed, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []Installed
	at := map[[2]string]int{}
	s := control.NewScanner(f, f.Name())
	for s.Scan() {
		if bytes.IndexByte(s.Bytes(), 0) >= 0 || bytes.IndexByte(s.Bytes(), 0x1a) >= 0 {
			return nil, fmt.Errorf("%s:%d: a NUL or ^Z, where dpkg stops reading; of its status, status-old and /var/backups have earlier ones", f.Name(), s.Line())
		}
		field := func(name string) string { return string(s.Field(name)) }
		p := Installed{
			Package: strings.ToLower(field("Package")), Version: field("Version"), Architecture: field("Architecture"),
			Status: stateOf(field("Status")), Source: field("Source"), MultiArch: strings.ToLower(field("Multi-Arch")),
			Provides: field("Provides"), PreDepends: field("Pre-Depends"), Depends: field("Depends"),
			Conflicts: field("Conflicts"), Breaks: field("Breaks"), Conffiles: field("Conffiles"),
			Essential: strings.EqualFold(field("Essential"), "yes"),
			Text:      string(s.Bytes()), Line: s.Line(), file: f.Name(),
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

// stateOf reads a Status as dpkg does, which goes by how the words begin, whatever parts them; "" where it is none.
func stateOf(text string) string {
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

// Paragraph decodes all of a package's fields.
func (p Installed) Paragraph() (control.Paragraph, error) {
	decoded, err := decode(p.file, p.Text)
	if err != nil { // blank lines stand for what came before, so that the error names the right line
		return decode(p.file, strings.Repeat("\n", p.Line-1)+p.Text)
	}
	return decoded, nil
}

func decode(file, text string) (control.Paragraph, error) {
	s := control.NewScanner(strings.NewReader(text), file)
	if !s.Scan() {
		return control.Paragraph{}, s.Err()
	}
	return s.Paragraph()
}
