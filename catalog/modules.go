package catalog

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"mago/debpkg/control"
)

// pkg is the package that a paragraph describes.
func (s stanza) pkg() Package {
	get := s.fields.Get
	synopsis, long, _ := strings.Cut(get("Description"), "\n")
	size, _ := strconv.ParseInt(get("Size"), 10, 64) // status has none; apt checks what it fetches
	return Package{
		Name: s.name, Kind: s.kind, Version: s.version, Architecture: s.architecture,
		Source: s.source, Section: get("Section"), Maintainer: get("Maintainer"),
		Homepage: get("Homepage"), Description: synopsis, DescriptionMD5: get("Description-md5"), LongDescription: long,
		Depends: get("Depends"), PreDepends: get("Pre-Depends"), Recommends: get("Recommends"),
		Suggests: get("Suggests"), Provides: get("Provides"), Conflicts: get("Conflicts"),
		Breaks: get("Breaks"), Replaces: get("Replaces"), Enhances: get("Enhances"),
		Filename: get("Filename"), SHA256: get("SHA256"), Size: size,
		Unauthenticated: get("Filename") != "" && !s.signed,
	}
}

// PackageOf is the module source that a .deb's own control paragraph describes, whatever that depends on.
func PackageOf(fields control.Paragraph) (Package, error) {
	s := stanza{fields: fields, kind: DKMS}
	if kind, ok := classify(fields); ok {
		s.kind = kind
	}
	if err := s.words.parse(fields.Get, sourceOf(fields)); err != nil {
		return Package{}, err
	}
	p := s.pkg()
	p.Filename, p.SHA256, p.Size, p.Unauthenticated = "", "", 0, true // which only an archive's list can tell
	return p, nil
}

// modules groups packages by the module they bring.
func modules(packages []Package) []Module {
	var found []Module
	for _, p := range packages {
		found = addPackage(found, p)
	}
	return found
}

// addPackage puts a package among the packages of its module, both in order: modules by name, a module's packages with
// dkms before module-assistant and then by name.
func addPackage(modules []Module, p Package) []Module {
	name := ModuleName(p.Name.String())
	i, ok := findModule(modules, name)
	if !ok {
		modules = slices.Insert(modules, i, Module{Name: name})
	}
	m := &modules[i]
	m.Packages = append(m.Packages, p)
	slices.SortFunc(m.Packages, func(a, b Package) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name.String(), b.Name.String()))
	})
	return modules
}

func findModule(modules []Module, name string) (int, bool) {
	return slices.BinarySearchFunc(modules, name, func(m Module, name string) int { return cmp.Compare(m.Name, name) })
}
