package catalog

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"mago/debpkg/word"
)

// statusFile is dpkg's record of what is installed.
const statusFile = "/var/lib/dpkg/status"

// readStatus gives the module sources that are installed. A root without dpkg's status has none.
func (c Config) readStatus() (list, error) {
	known, err := c.readList(context.Background(), statusFile)
	if errors.Is(err, fs.ErrNotExist) {
		return list{}, nil
	}
	known.found = slices.DeleteFunc(known.found, func(s stanza) bool { return !installed(s.fields.Get("Status")) })
	return known, err
}

// installed reads the third word of a Status field (dpkg(1), "Package states"): a package with files on disk counts.
func installed(status string) bool {
	words := strings.Fields(status)
	return len(words) == 3 && words[2] != "not-installed" && words[2] != "config-files"
}

// mergeStatus sets Installed in all packages, adds those that only dpkg knows, and removes those that neither knows.
func (ix *Index) mergeStatus(status list) {
	ix.LeftOut = append(ix.LeftOut, leftOut([]list{status})...)
	versions := map[word.Package]word.Version{}
	for _, s := range status.found {
		p := s.pkg()
		versions[p.Name] = p.Version
		if ix.pkg(p.Name.String()) == nil {
			ix.Modules = addPackage(ix.Modules, p)
		}
	}
	for i := range ix.Modules {
		m := &ix.Modules[i]
		for j := range m.Packages {
			m.Packages[j].Installed = versions[m.Packages[j].Name]
		}
		m.Packages = slices.DeleteFunc(m.Packages, func(p Package) bool { return p.Filename == "" && p.Installed.IsZero() })
	}
	ix.Modules = slices.DeleteFunc(ix.Modules, func(m Module) bool { return len(m.Packages) == 0 })
}

// pkg finds a package by its exact name, nil where there is none.
func (ix *Index) pkg(name string) *Package {
	i, ok := findModule(ix.Modules, ModuleName(name))
	if !ok {
		return nil
	}
	return ix.Modules[i].pkg(name)
}

func (m Module) pkg(name string) *Package {
	for i := range m.Packages {
		if m.Packages[i].Name.String() == name {
			return &m.Packages[i]
		}
	}
	return nil
}
