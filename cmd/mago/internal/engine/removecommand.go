package engine

import (
	"fmt"
	"regexp"
	"slices"

	"mago/catalog"
	"mago/cmd/mago/internal/modpkg"
	"mago/debpkg/apt"
	"mago/debpkg/rooted"
)

// HowToRemove says how what is installed of a module in a system is removed, which is apt's work: by the very names that dpkg
// has, and by a pattern where dpkg's status cannot be read.
func HowToRemove(p System, module string) string {
	name := catalog.ModuleName(module)
	status, err := apt.ReadStatus(rooted.Root(p.Root))
	if err != nil {
		return fmt.Sprintf(`run "%s"; dpkg has the packages`, p.Apt("remove", "^"+regexp.QuoteMeta(name)+"-modules-."))
	}
	var names []string
	for pkg := range status.All() {
		if of, _ := modpkg.ParseName(pkg.Package); of == name {
			names = append(names, pkg.Package)
		}
	}
	if len(names) == 0 {
		return fmt.Sprintf(`no package of %s is installed; "%s" forgets builds`, name, p.Mago("purge", name))
	}
	slices.Sort(names)
	return fmt.Sprintf(`run "%s"`, p.Apt("remove", slices.Compact(names)...))
}
