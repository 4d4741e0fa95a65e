package modpkg

import (
	"slices"

	"mago/catalog"
	"mago/debpkg"
	"mago/kbuild"
)

// makingRoom are the fields by which a package has others go, or takes files of theirs.
var makingRoom = []string{"Conflicts", "Breaks", "Replaces"}

// makeRoom gives a package what the module's source package says in these fields, and that of its debian/rules. The package
// is the one that has the files of those, or else that with the modules.
func (u Unit) makeRoom(p *debpkg.Package, from kbuild.RulesPackage) {
	for _, name := range makingRoom {
		if u.Package != nil && u.Package.Kind == catalog.DKMS {
			addRelations(p, name, u.roomOf(name))
		}
		addRelations(p, name, from.Control[name])
	}
	u.leaveOwn(p, from)
}

// roomOf is such a field of a -dkms package; from an archive that nobody vouches for it may speak of its own packages only.
func (u Unit) roomOf(name string) string {
	field := map[string]string{"Conflicts": u.Package.Conflicts, "Breaks": u.Package.Breaks, "Replaces": u.Package.Replaces}[name]
	if u.Unauthenticated {
		return Keep(field, u.isOwn)
	}
	return field
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
