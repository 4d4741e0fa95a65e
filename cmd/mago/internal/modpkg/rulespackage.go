package modpkg

import (
	"slices"
	"strings"

	"mago/debpkg"
	"mago/kbuild"
)

// carry has a package promise and ship what the package of the source's own debian/rules does. What that asks for may be
// about building; what it says of itself and of others holds. makeRoom has the rest of its relations.
func (u Unit) carry(p *debpkg.Package, from kbuild.RulesPackage) error {
	addRelations(p, "Depends", needed(from.Control["Pre-Depends"]))
	addRelations(p, "Depends", needed(from.Control["Depends"]))
	addRelations(p, "Recommends", needed(from.Control["Recommends"]))
	addRelations(p, "Suggests", needed(from.Control["Suggests"]))
	addRelations(p, "Enhances", from.Control["Enhances"])
	addRelations(p, "Provides", from.Control["Provides"])
	if name := from.Control["Package"]; name != Name(u.Module, u.Kernel.Release) {
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

// needed leaves the kernel's own package out: headers are enough to build for it, and mago recommends it anyway.
func needed(relations string) string {
	return Keep(Running(relations), func(name string) bool { return !strings.HasPrefix(name, "linux-image-") })
}

func stagedFile(f kbuild.StagedFile) (debpkg.File, error) {
	if f.Link != "" {
		return debpkg.File{Path: f.Path, Link: f.Link}, nil
	}
	file, err := debpkg.OnDisk(f.Path, f.File)
	file.Mode = f.Mode
	return file, err
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
