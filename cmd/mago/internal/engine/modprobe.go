package engine

import (
	"fmt"
	"slices"

	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
)

// mostModprobed is how many modules a line of advice names one by one.
const mostModprobed = 4

// modprobe is what to type to have a build's modules loaded: the one called like the source, else those that no other
// one of them needs, which bring the rest along.
func (p System) modprobe(r store.Record) string {
	names := modpkg.Modules(r.Modules)
	for _, called := range []string{r.Module, r.RecipeName} {
		if called = modpkg.ModuleName(called); slices.Contains(names, called) {
			return p.ByRoot("modprobe", called)
		}
	}
	needed := func(name string) bool {
		return !slices.ContainsFunc(r.Modprobe, func(m string) bool { return modpkg.ModuleName(m) == name })
	}
	if first := slices.DeleteFunc(slices.Clone(names), needed); len(first) > 0 {
		names = first
	}
	switch {
	case len(names) == 1:
		return p.ByRoot("modprobe", names[0])
	case len(names) <= mostModprobed:
		return p.ByRoot(append([]string{"modprobe", "-a"}, names...)...)
	}
	return fmt.Sprintf("%s, one of %s", p.ByRoot("modprobe", "MODULE"), InWords(names, mostModprobed))
}
