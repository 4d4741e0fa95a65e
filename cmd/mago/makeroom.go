package main

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
func (u unit) makeRoom(p *debpkg.Package, result *kbuild.Result) {
	for _, name := range makingRoom {
		if u.pkg != nil && u.pkg.Kind == catalog.DKMS {
			addRelations(p, name, u.roomOf(name))
		}
		if result.Package != nil {
			addRelations(p, name, result.Package.Control[name])
		}
	}
	u.leaveOwn(p, result)
}

// roomOf is such a field of a -dkms package; from an archive that nobody vouches for it may speak of its own packages only.
func (u unit) roomOf(name string) string {
	field := map[string]string{"Conflicts": u.pkg.Conflicts, "Breaks": u.pkg.Breaks, "Replaces": u.pkg.Replaces}[name]
	if u.unauthenticated() {
		return keep(field, u.isOwn)
	}
	return field
}

// leaveOwn takes out of Conflicts and Breaks what the modules' packages are themselves called or provide: dpkg takes no
// package for one beside itself, but there is one with modules for each kernel, and one with common files.
func (u unit) leaveOwn(p *debpkg.Package, result *kbuild.Result) {
	own := []string{packageName(u.name, "modules"), commonName(u.name)}
	if u.pkg != nil {
		own = append(own, debpkg.Names(u.pkg.Provides)...)
	}
	if result.Package != nil {
		own = append(own, debpkg.Names(result.Package.Control["Provides"])...)
		own = append(own, result.Package.Control["Package"])
	}
	for i, f := range p.Control {
		if f.Name == "Conflicts" || f.Name == "Breaks" {
			p.Control[i].Value = keep(f.Value, func(name string) bool { return !slices.Contains(own, name) })
		}
	}
}
