package modpkg

import (
	"path/filepath"
	"slices"
	"strings"

	"mago/debpkg/word"
	"mago/kbuild"
)

// ModuleName is what modprobe calls the module in a file.
func ModuleName(file string) string {
	name, _, _ := strings.Cut(filepath.Base(file), ".ko")
	return strings.ReplaceAll(name, "-", "_")
}

// Modules are the modules among files, as modprobe calls them, in order and each once. A name that no module can have is
// left out.
func Modules(files []string) (names []string) {
	for _, file := range files {
		name := ModuleName(file)
		if _, err := word.ParseModule(name); err == nil && strings.Contains(filepath.Base(file), ".ko") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Unneeded are the names of the modules that no other one of the same build depends on.
func Unneeded(modules []kbuild.Module) (names []string) {
	needed := map[string]bool{}
	for _, m := range modules {
		for _, name := range m.Depends {
			needed[ModuleName(name)] = true
		}
	}
	for _, m := range modules {
		if !needed[ModuleName(m.Name)] {
			names = append(names, m.Name)
		}
	}
	return names
}
