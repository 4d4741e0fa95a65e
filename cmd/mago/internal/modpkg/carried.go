package modpkg

import (
	"slices"
	"strings"

	"mago/catalog"
	"mago/debpkg"
	"mago/debpkg/relation"
	"mago/kbuild/recipe"
)

// carry has a package promise what the package of the source's own debian/rules does. What that asks for may be
// about building; what it says of itself and of others holds. makeRoom has the rest of its relations.
func (u Unit) carry(p *debpkg.Package, from recipe.Package) {
	addRelations(p, "Depends", needed(from.Control["Pre-Depends"]))
	addRelations(p, "Depends", needed(from.Control["Depends"]))
	addRelations(p, "Recommends", needed(from.Control["Recommends"]))
	addRelations(p, "Suggests", needed(from.Control["Suggests"]))
	addRelations(p, "Enhances", from.Control["Enhances"])
	addRelations(p, "Provides", from.Control["Provides"])
	if name := from.Control["Package"]; name != u.name() {
		addRelations(p, "Provides", name)
	}
}

// needed leaves the kernel's own package out: headers are enough to build for it, and mago recommends it anyway.
func needed(relations string) string {
	return Keep(Running(relations), func(name string) bool { return !strings.HasPrefix(name, "linux-image-") })
}

// replaceSource gives a package what the source's package says of others that have to go, or whose files it takes, and what the
// package of its debian/rules says. That is the package with these files, or else that with the modules.
func (u Unit) replaceSource(p *debpkg.Package, from recipe.Package) {
	var source catalog.Package
	if u.Package != nil && u.Package.Kind == catalog.DKMS {
		source = *u.Package
	}
	addRelations(p, "Conflicts", Join(u.mayPromise(source.Conflicts), from.Control["Conflicts"]))
	addRelations(p, "Breaks", Join(u.mayPromise(source.Breaks), from.Control["Breaks"]))
	addRelations(p, "Replaces", Join(u.mayPromise(source.Replaces), from.Control["Replaces"]))
	u.leaveOwn(p, from)
}

// leaveOwn takes out of Conflicts and Breaks what the modules' packages are themselves called or provide: dpkg takes no
// package for one beside itself, but there is one with modules for each kernel, and one with common files.
func (u Unit) leaveOwn(p *debpkg.Package, from recipe.Package) {
	own := append(relation.Names(from.Control["Provides"]), from.Control["Package"], Spell(u.Module, "modules"), u.commonName())
	if u.Package != nil {
		own = append(own, relation.Names(u.Package.Provides)...)
	}
	for i, f := range p.Control {
		if f.Name == "Conflicts" || f.Name == "Breaks" {
			p.Control[i].Value = Keep(f.Value, func(name string) bool { return !slices.Contains(own, name) })
		}
	}
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
