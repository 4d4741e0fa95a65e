package engine

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"

	"mago/catalog"
	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
	"mago/debpkg/apt"
	"mago/debpkg/rooted"
	"mago/debpkg/word"
)

// HowToRemove says how what is installed of a module in a system is removed, which is apt's work: by the very names that dpkg
// has, and by a pattern where dpkg's status cannot be read. Where nothing is, it says what there is in the system and the cache.
func HowToRemove(p System, cache, module string) string {
	name := catalog.ModuleName(module)
	status, err := apt.ReadStatus(rooted.Root(p.Root))
	if err != nil {
		return fmt.Sprintf(`run "%s"; dpkg has the packages`, p.Apt("remove", "^"+regexp.QuoteMeta(name)+"-modules-."))
	}
	var names, others []string
	for pkg := range status.All() {
		if of, _ := modpkg.ParseName(pkg.Package); of == name {
			names = append(names, pkg.Package)
		} else if of != "" {
			others = append(others, of)
		}
	}
	if len(names) > 0 {
		slices.Sort(names)
		return fmt.Sprintf(`run "%s"`, p.Apt("remove", slices.Compact(names)...))
	}
	built, err := builtIn(cache)
	if err != nil || slices.Contains(built, name) {
		return fmt.Sprintf(`no package of %s is installed; "%s" forgets builds`, name, p.Mago("purge", name))
	}
	return fmt.Sprintf("nothing of %s is installed, nor built in %s; %s", name, cache, whatThereIs(name, append(others, built...)))
}

// HowToForget says how the builds of a module in a cache are forgotten, also where the cache cannot be read, or what is built there.
func HowToForget(p System, cache, module string) string {
	name := catalog.ModuleName(module)
	built, err := builtIn(cache)
	if err != nil || slices.Contains(built, name) {
		return fmt.Sprintf(`"%s" forgets builds; what is installed stays`, p.Mago("purge", name))
	}
	return fmt.Sprintf("nothing of %s is built in %s; %s", name, cache, whatThereIs(name, built))
}

// builtIn are the modules that a cache has builds of; one that is not there has none.
func builtIn(cache string) (modules []string, err error) {
	dirs, err := store.Entries(filepath.Join(cache, "builds"), "*")
	for _, dir := range dirs {
		if name := filepath.Base(dir); moduleWord.MatchString(name) {
			modules = append(modules, name)
		}
	}
	return modules, err
}

// whatThereIs leads from a name to the one that may be meant, or else to all.
func whatThereIs(name string, all []string) string {
	slices.Sort(all)
	all = slices.Compact(all)
	switch near := word.Nearest(name, all); {
	case near != "":
		return "the nearest name: " + near
	case len(all) > 0:
		return "there is " + InWords(all, 5)
	}
	return "nor is any other module"
}
