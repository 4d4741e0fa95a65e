package main

import (
	"slices"
	"strings"

	"mago/catalog"
	"mago/debpkg"
)

// removalWay says how what is installed of a module under a root is removed, which is apt's work: by the very names that dpkg
// has, and by a pattern where dpkg's status cannot be read.
func removalWay(root, module string) string {
	status, err := debpkg.ReadStatus(root)
	if err != nil {
		return strings.ReplaceAll(removeWay, "MODULE", module)
	}
	name := catalog.ModuleName(module)
	var names []string
	for p := range status.All() {
		if of, _ := modulePackage(p.Package); of == name {
			names = append(names, p.Package)
		}
	}
	if len(names) == 0 {
		return `run "sudo apt-get remove '` + name + `-modules-*'"; none is installed now`
	}
	slices.Sort(names)
	return `run "sudo apt-get remove ` + strings.Join(slices.Compact(names), " ") + `"`
}

// modulePackage reads the name of a package of modules: the module, and its kernel's release, which common files have none of.
// The kernel's own modules are no module's.
func modulePackage(name string) (module, release string) {
	if m := modulesName.FindStringSubmatch(name); m != nil {
		module, release = m[1], m[2]
	} else if before, common := strings.CutSuffix(name, "-modules-common"); common {
		module = before
	}
	if module == "linux" {
		return "", ""
	}
	return module, release
}
