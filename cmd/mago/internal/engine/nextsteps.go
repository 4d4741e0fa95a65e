package engine

import (
	"slices"
	"strings"

	"mago/cmd/mago/internal/modpkg"
)

// Steps makes the commands that mend states.
type Steps struct{ System }

func (sv *surveyor) steps() Steps { return Steps{sv.system()} }

// Of lists the commands for states, what is wanted most last.
func (s Steps) Of(states []State) []string {
	all := append(s.purges(states), s.removals(states)...)
	for _, st := range states {
		if st.State == StateFailed && st.Wanted {
			all = append(all, s.Mago("log", "-l", st.Kernel, st.Module))
		}
	}
	return append(all, s.installations(states)...)
}

// removals is the command that removes, by its very name, what is installed for kernels that are gone, and the common files that
// no other kernel's modules need.
func (s Steps) removals(states []State) []string {
	var names []string
	for _, st := range states {
		if st.State == StateLeftover && st.Installed != "" {
			names = append(names, modpkg.Name(st.Module, st.Kernel))
			if st.Common != "" {
				names = append(names, st.Common)
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return []string{s.Apt("remove", slices.Compact(names)...)}
}

// purges are the commands that forget what was built for kernels that are gone.
func (s Steps) purges(states []State) []string {
	return s.grouped(states,
		func(st State) string {
			if st.State != StateLeftover || !st.Recorded {
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
			if st.State != StateMissing && st.State != StateStale {
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
