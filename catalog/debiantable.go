package catalog

import (
	_ "embed"
	"strings"
	"sync"

	"mago/debpkg/word"
)

// debianTable says where Debian has module sources, and which packages need their modules. To make it anew, have apt fetch the
// lists of all components of the releases that it is to know, on amd64, into DIR and run
//
//	go test ./catalog -run TestDebianTable -lists DIR
//
//go:embed debian.txt
var debianTable string

// Place is a part of Debian's archive.
type Place struct{ Release, Component string }

// Known is a package of Debian's that is a module source, or needs the modules of one.
type Known struct {
	Package string
	Modules []string // what it needs, nil for a source
	Places  []Place
}

// debian is the table, and the index of a system that has all of it.
var debian = sync.OnceValues(func() (map[string]Known, *Index) {
	all, ix := map[string]Known{}, &Index{}
	for line := range strings.Lines(debianTable) {
		known, ok := parseKnown(line)
		if !ok {
			continue
		}
		all[known.Package] = known
		if name, err := word.ParsePackage(known.Package); err == nil && known.Modules == nil {
			ix.Modules = addPackage(ix.Modules, Package{Name: name, Kind: kindOf(known.Package)})
		}
	}
	return all, ix
})

// parseKnown reads a line of the table: a package, RELEASE/COMPONENT of each place, and =MODULE of each module that it needs.
func parseKnown(line string) (k Known, ok bool) {
	words := strings.Fields(line)
	if len(words) == 0 || words[0] == "#" {
		return k, false
	}
	k.Package = words[0]
	for _, word := range words[1:] {
		if module, ok := strings.CutPrefix(word, "="); ok {
			k.Modules = append(k.Modules, module)
		} else {
			release, component, _ := strings.Cut(word, "/")
			k.Places = append(k.Places, Place{release, component})
		}
	}
	return k, true
}

// kindOf goes by a package's name.
func kindOf(name string) Kind {
	if sourceName(name) {
		return ModuleAssistant
	}
	return DKMS
}

// InDebian finds what Debian has under a name: a package that needs modules by its own name, a module source by every word
// that Resolve takes.
func InDebian(name string) (Known, bool) {
	all, ix := debian()
	if known, ok := all[normal(name)]; ok {
		return known, true
	}
	module, pkg, err := ix.Resolve(name)
	if err != nil {
		return Known{}, false
	}
	if pkg == nil {
		pkg = &module.Packages[0]
	}
	return all[pkg.Name.String()], true
}
