package payload

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// owners finds the packages of a system's files in dpkg's lists, which it reads only when asked.
type owners struct {
	root       string
	own        map[string]bool     // paths of the packages that are to be installed, in the versions that are there
	lists      map[string][]string // canonical path to packages; nil before
	diversions []diversion
}

// diversion is a path that dpkg moves elsewhere for all packages but one (dpkg-divert(1)); paths are canonical.
type diversion struct{ from, to, but string }

func (o *owners) readDiversions() error {
	text, err := os.ReadFile(filepath.Join(o.root, "var/lib/dpkg/diversions"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	for ; len(lines) >= 3; lines = lines[3:] {
		o.diversions = append(o.diversions, diversion{canonical(lines[0]), canonical(lines[1]), lines[2]})
	}
	return err
}

// diverted is the path where dpkg puts a file of the packages.
func (o *owners) diverted(name string, packages []string) string {
	for _, d := range o.diversions {
		if d.from == name && !slices.Contains(packages, d.but) {
			return d.to
		}
	}
	return name
}

// readOwn reads the lists of some packages.
func (o *owners) readOwn(packages []string) error {
	o.own = map[string]bool{}
	for _, pkg := range packages {
		for _, pattern := range []string{pkg + ".list", pkg + ":*.list"} {
			files, err := filepath.Glob(filepath.Join(o.root, infoDir, pattern)) // a package's name holds no pattern
			if err != nil {
				return err
			}
			for _, file := range files {
				if err := o.readList(file, pkg, func(name, _ string) { o.own[name] = true }); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// of returns the packages that have a path.
func (o *owners) of(name string) ([]string, error) {
	if o.lists == nil {
		if err := o.read(); err != nil {
			return nil, err
		}
	}
	return slices.Clone(o.lists[name]), nil
}

func (o *owners) read() error {
	files, err := filepath.Glob(filepath.Join(o.root, infoDir, "*.list"))
	if err != nil {
		return err
	}
	o.lists = map[string][]string{}
	for _, file := range files {
		pkg, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".list"), ":")
		err := o.readList(file, pkg, func(name, pkg string) { o.lists[name] = append(o.lists[name], pkg) })
		if err != nil {
			return err
		}
	}
	return nil
}

const infoDir = "var/lib/dpkg/info"

// readList passes on the paths of a package, after diversion.
func (o *owners) readList(file, pkg string, take func(name, pkg string)) error {
	list, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) { // dpkg has just removed it
		return nil
	}
	if err != nil {
		return err
	}
	defer list.Close()
	s := bufio.NewScanner(list)
	for s.Scan() {
		take(o.diverted(canonical(s.Text()), []string{pkg}), pkg)
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	return nil
}
