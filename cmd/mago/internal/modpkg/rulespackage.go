package modpkg

import (
	"slices"
	"strings"

	"mago/debpkg"
	"mago/kbuild"
)

// carried are the relations that a debian/rules' package passes on to mago's, and the field each goes into. What a
// package asks for may be about building; what it says of itself and of others holds.
var carried = []struct {
	from, to string
	kept     func(string) string
}{
	{"Pre-Depends", "Depends", needed}, {"Depends", "Depends", needed}, {"Recommends", "Recommends", needed}, {"Suggests", "Suggests", needed},
	{"Enhances", "Enhances", whole}, {"Provides", "Provides", whole}, // makeRoom has the others
}

func whole(relations string) string { return relations }

// needed leaves the kernel's own package out: headers are enough to build for it, and mago recommends it anyway.
func needed(relations string) string {
	return Keep(Running(relations), func(name string) bool { return !strings.HasPrefix(name, "linux-image-") })
}

// carry has a package promise and ship what the package of the source's own debian/rules does.
func (u Unit) carry(p *debpkg.Package, from kbuild.RulesPackage) error {
	for _, c := range carried {
		addRelations(p, c.to, c.kept(from.Control[c.from]))
	}
	if name := from.Control["Package"]; name != field(p, "Package") {
		addRelations(p, "Provides", name)
	}
	for _, f := range from.Files {
		if !u.isKernels(f.Path) {
			continue // it is in the package for every kernel
		}
		file, err := stagedFile(f)
		if err != nil {
			return err
		}
		p.Files = append(p.Files, file)
	}
	p.Conffiles = conffiles(p.Files)
	return nil
}

func stagedFile(f kbuild.StagedFile) (debpkg.File, error) {
	if f.Link != "" {
		return debpkg.File{Path: f.Path, Link: f.Link}, nil
	}
	file, err := debpkg.OnDisk(f.Path, f.File)
	file.Mode = f.Mode
	return file, err
}

func field(p *debpkg.Package, name string) string {
	for _, f := range p.Control {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// addRelations joins relations to those of a field, which is put before Section where it is missing.
func addRelations(p *debpkg.Package, name, relations string) {
	if relations == "" {
		return
	}
	i := slices.IndexFunc(p.Control, func(f debpkg.Field) bool { return f.Name == name })
	if i < 0 {
		i = slices.IndexFunc(p.Control, func(f debpkg.Field) bool { return f.Name == "Section" })
		p.Control = slices.Insert(p.Control, i, debpkg.Field{Name: name})
	}
	p.Control[i].Value = Join(p.Control[i].Value, relations)
}
