package modpkg

import (
	"slices"

	"mago/catalog"
	"mago/debpkg"
	"mago/kbuild"
)

// makeRoom gives a package what the source's package says of others that have to go, or whose files it takes, and what the
// package of its debian/rules says. That is the package with these files, or else that with the modules.
func (u Unit) makeRoom(p *debpkg.Package, from kbuild.RulesPackage) {
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
func (u Unit) leaveOwn(p *debpkg.Package, from kbuild.RulesPackage) {
	own := append(debpkg.Names(from.Control["Provides"]), from.Control["Package"], Spell(u.Module, "modules"), CommonName(u.Module))
	if u.Package != nil {
		own = append(own, debpkg.Names(u.Package.Provides)...)
	}
	for i, f := range p.Control {
		if f.Name == "Conflicts" || f.Name == "Breaks" {
			p.Control[i].Value = Keep(f.Value, func(name string) bool { return !slices.Contains(own, name) })
		}
	}
}
