package main

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
	{"Enhances", "Enhances", whole}, {"Provides", "Provides", whole}, {"Conflicts", "Conflicts", whole}, {"Breaks", "Breaks", whole},
	{"Replaces", "Replaces", whole},
}

func whole(relations string) string { return relations }

// needed leaves the kernel's own package out: headers are enough to build for it, and mago recommends it anyway.
func needed(relations string) string {
	return keep(running(relations), func(name string) bool { return !strings.HasPrefix(name, "linux-image-") })
}

// carry has a package promise and ship what the package of the source's own debian/rules does.
func carry(p *debpkg.Package, from *kbuild.RulesPackage) error {
	if from == nil {
		return nil
	}
	for _, c := range carried {
		addRelations(p, c.to, c.kept(from.Control[c.from]))
	}
	if name := from.Control["Package"]; name != field(p, "Package") {
		addRelations(p, "Provides", name)
	}
	for _, f := range from.Files {
		file := debpkg.File{Path: f.Path, Link: f.Link}
		if f.Link == "" {
			var err error
			if file, err = debpkg.OnDisk(f.Path, f.File); err != nil {
				return err
			}
			file.Mode = f.Mode
		}
		p.Files = append(p.Files, file)
		if strings.HasPrefix(f.Path, "/etc/") && f.Link == "" {
			p.Conffiles = append(p.Conffiles, f.Path)
		}
	}
	return nil
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
	p.Control[i].Value = join(p.Control[i].Value, relations)
}
