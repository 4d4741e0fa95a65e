package catalog

import (
	"regexp"
	"slices"
)

// transitional is how the descriptions of packages that are empty and lead to others call them.
var transitional = regexp.MustCompile(`(?i)\btransitional\b|\bdummy package\b`)

// Successor is the one module that a transitional package of this index leads to by what it depends on.
func (ix *Index) Successor(p Package) (Module, bool) {
	if !transitional.MatchString(p.Description) {
		return Module{}, false
	}
	next := slices.DeleteFunc(ix.modulesIn(p.PreDepends+","+p.Depends), func(name string) bool { return name == ModuleName(p.Name.String()) })
	if len(next) != 1 {
		return Module{}, false
	}
	return ix.module(next[0])
}
