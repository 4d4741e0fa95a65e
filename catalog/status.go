package catalog

import (
	"slices"

	"mago/debpkg/apt"
	"mago/debpkg/word"
)

// statusFile is dpkg's record of what is installed.
const statusFile = "/var/lib/dpkg/status"

// readStatus gives the module sources that dpkg has files of.
func (c Config) readStatus() (list, error) {
	known := list{left: LeftOut{List: statusFile}}
	read := c.Status
	if read == nil {
		read = func() (*apt.Status, error) { return apt.ReadStatus(c.Root) }
	}
	status, err := read()
	if err != nil {
		return list{}, err
	}
	for p := range status.Present() {
		if !worthDecoding([]byte(p.Text)) {
			continue
		}
		fields, err := p.Paragraph()
		if err != nil {
			return list{}, err
		}
		if kind, ok := classify(fields); ok {
			known.add([]stanza{{line: p.Line, fields: fields, kind: kind, damaged: !p.Whole()}})
		}
	}
	return known, nil
}

// mergeStatus sets Installed in all packages, adds those that only dpkg knows, and removes those that neither knows.
func (ix *Index) mergeStatus(status list) {
	ix.LeftOut = append(ix.LeftOut, leftOut([]list{status})...)
	known := map[word.Package]Package{}
	for _, s := range status.found {
		p := s.pkg()
		if p.Damaged = s.damaged; !p.Damaged {
			p.Installed = p.Version
		}
		known[p.Name] = p
		if ix.pkg(p.Name.String()) == nil {
			ix.Modules = addPackage(ix.Modules, p)
		}
	}
	for i := range ix.Modules {
		m := &ix.Modules[i]
		for j := range m.Packages {
			p := &m.Packages[j]
			p.Installed, p.Damaged = known[p.Name].Installed, known[p.Name].Damaged
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
