package engine

import (
	"slices"
	"strings"

	"mago/debpkg/rooted"
)

// Steps makes the commands that mend states.
type Steps struct {
	System
	Remains func(release string) bool // whether a kernel that is gone has left a directory in /lib/modules; nil where none has
}

func (sv *surveyor) steps() Steps {
	return Steps{sv.system(), func(release string) bool {
		_, err := rooted.Root(sv.Root).Stat("/lib/modules/" + release)
		return err == nil
	}}
}

// isDue reports whether a build or an installation would mend the state.
func (st State) isDue() bool { return st.State == StateMissing || st.State == StateStale }

// Of lists the commands for states, what is wanted most last.
func (s Steps) Of(states []State) []string {
	gone := Having(states, func(st State) bool { return st.State == StateLeftover })
	all := append(s.purges(gone), s.removals(gone)...)
	for _, st := range states {
		if st.State == StateFailed && st.Wanted {
			all = append(all, s.Mago("log", "-l", st.Kernel, st.Module))
		}
	}
	return append(all, s.installations(states)...)
}

// removals are the commands by which root removes all that is left for kernels that are gone: packages, builds, and what depmod has
// made. They name only modules that root knows too.
func (s Steps) removals(gone []State) (all []string) {
	clean := func(kernels, modules []string) {
		if len(kernels) > 0 {
			all = append(all, s.SudoMago(append([]string{"clean", "--orphans", "-i", "-l", strings.Join(kernels, ",")}, modules...)...))
		}
	}
	known := Having(gone, func(st State) bool { return s.AsRoot || st.Installed != "" })
	named := KernelsOf(known)
	remaining := Having(gone, func(st State) bool {
		return !slices.Contains(named, st.Kernel) && s.Remains != nil && s.Remains(st.Kernel)
	})
	clean(KernelsOf(remaining), nil)
	clean(named, ModulesOf(known))
	return all
}

// purges are the commands by which a user forgets builds of his own for kernels that are gone.
func (s Steps) purges(gone []State) []string {
	if s.AsRoot {
		return nil
	}
	return s.grouped(gone,
		func(st State) string {
			if !st.Recorded {
				return ""
			}
			return st.Module
		},
		func(kernels string, modules []string, _ bool) string {
			return s.Mago(append([]string{"purge", "-l", kernels}, modules...)...)
		})
}

// installations are the commands that bring what is missing or stale.
func (s Steps) installations(states []State) []string {
	return s.grouped(states,
		func(st State) string {
			if !st.isDue() {
				return ""
			}
			return st.Word
		},
		func(kernels string, modules []string, own bool) string {
			if own && !s.AsRoot {
				return s.Mago(append([]string{"a-i", "-S", "sudo", "-l", kernels}, modules...)...)
			}
			return s.SudoMago(append([]string{"a-i", "-l", kernels}, modules...)...)
		})
}

// grouped makes one command for all kernels that have the same modules; word is what names a state's module in it, "" for none.
func (s Steps) grouped(states []State, word func(State) string, command func(kernels string, modules []string, own bool) string) []string {
	type group struct {
		kernels, modules []string
		own              bool
	}
	byKernel := map[string]*group{}
	var kernels []*group
	for _, st := range states {
		w := word(st)
		if w == "" {
			continue
		}
		g := byKernel[st.Kernel]
		if g == nil {
			g = &group{kernels: []string{st.Kernel}}
			byKernel[st.Kernel], kernels = g, append(kernels, g)
		}
		g.modules, g.own = append(g.modules, w), g.own || st.Own
	}
	var groups []*group
	for _, g := range kernels {
		same := slices.IndexFunc(groups, func(other *group) bool { return slices.Equal(other.modules, g.modules) && other.own == g.own })
		if same >= 0 {
			groups[same].kernels = append(groups[same].kernels, g.kernels...)
		} else {
			groups = append(groups, g)
		}
	}
	var all []string
	for _, g := range groups {
		all = append(all, command(strings.Join(g.kernels, ","), g.modules, g.own))
	}
	return all
}

// KernelsOf are the kernels of states, each once, in their order.
func KernelsOf(states []State) []string {
	return distinct(states, func(st State) string { return st.Kernel })
}

// ModulesOf are the modules of states, each once.
func ModulesOf(states []State) []string {
	return distinct(states, func(st State) string { return st.Module })
}

func distinct[T any](states []T, of func(T) string) []string {
	var all []string
	for _, st := range states {
		if text := of(st); !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}
