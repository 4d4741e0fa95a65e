package modpkg

import (
	"maps"
	"slices"
	"strings"
)

// A source that no archive vouches for may speak of its module's own packages only.

// ofOthers are the fields by which a package takes something from others, or stands for them.
var ofOthers = []string{"Package", "Provides", "Conflicts", "Breaks", "Replaces", "Enhances"}

// isOwn reports whether a package is called after the module.
func (u Unit) isOwn(pkg string) bool {
	own := OwnName(u.Module)
	return pkg == own || strings.HasPrefix(pkg, own+"-")
}

// mayName reports whether such a source may speak of a package: its module's own, as long as no other package on the
// system has that name.
func (u Unit) mayName(pkg string) bool {
	pkg = strings.ToLower(pkg)
	return u.isOwn(pkg) && (strings.HasPrefix(pkg, OwnName(u.Module)+"-modules-") || !slices.Contains(u.Installed, pkg))
}

// mayPromise is what a source's package may say of others: one that no signature covers speaks of its own packages only.
func (u Unit) mayPromise(relations string) string {
	if u.Unauthenticated {
		return Keep(relations, u.isOwn)
	}
	return relations
}

// unpromised is what mayPromise leaves out of what the source's package says of others' files and packages.
func (u Unit) unpromised() (leftOut []string) {
	if p := u.Package; p != nil && u.Unauthenticated {
		for field, relations := range map[string]string{"Breaks": p.Breaks, "Conflicts": p.Conflicts, "Replaces": p.Replaces} {
			if foreign := Keep(relations, func(name string) bool { return !u.isOwn(name) }); foreign != "" {
				leftOut = append(leftOut, field+": "+foreign)
			}
		}
	}
	slices.Sort(leftOut)
	return leftOut
}

// ownRelations are what of the control fields of a debian/rules' package such a source may say; leftOut is the rest.
func (u Unit) ownRelations(control map[string]string) (own map[string]string, leftOut []string) {
	own = map[string]string{}
	maps.Copy(own, control)
	for _, field := range ofOthers {
		own[field] = Keep(control[field], u.mayName)
		foreign := Keep(control[field], func(name string) bool { return !u.mayName(name) })
		if field == "Package" && foreign != "" {
			own[field] = u.name() // which is not provided
		} else if foreign != "" {
			leftOut = append(leftOut, field+": "+foreign)
		}
	}
	slices.Sort(leftOut)
	return own, leftOut
}
