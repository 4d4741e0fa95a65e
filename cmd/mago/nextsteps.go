package main

import (
	"slices"
	"strings"

	"mago/cmd/mago/internal/modpkg"
)

// steps makes the commands that mend states.
type steps struct{ place }

func (sv *surveyor) steps() steps { return steps{sv.place()} }

// of lists the commands for states, what is wanted most last.
func (s steps) of(states []state) []string {
	all := append(s.purges(states), s.removals(states)...)
	for _, st := range states {
		if st.State == stateFailed && st.Wanted {
			all = append(all, "less "+pasted(st.Log))
		}
	}
	return append(all, s.installations(states)...)
}

// removals is the command that removes, by its very name, what is installed for kernels that are gone, and the common files that
// no other kernel's modules need.
func (s steps) removals(states []state) []string {
	var names []string
	for _, st := range states {
		if st.State == stateLeftover && st.Installed != "" {
			names = append(names, modpkg.Name(st.Module, st.Kernel))
			if st.common != "" {
				names = append(names, st.common)
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return []string{s.apt("remove", slices.Compact(names)...)}
}

// purges are the commands that forget what was built for kernels that are gone.
func (s steps) purges(states []state) []string {
	return s.grouped(states,
		func(st state) string {
			if st.State != stateLeftover || !st.recorded {
				return ""
			}
			return st.Module
		},
		func(kernels string, modules []string, _ bool) string {
			return s.mago(append([]string{"purge", "-l", kernels}, modules...)...)
		})
}

// installations are the commands that bring what is missing or stale.
func (s steps) installations(states []state) []string {
	return s.grouped(states,
		func(st state) string {
			if st.State != stateMissing && st.State != stateStale {
				return ""
			}
			return st.word
		},
		func(kernels string, modules []string, own bool) string {
			if own && !s.asRoot {
				return s.mago(append([]string{"a-i", "-S", "sudo", "-l", kernels}, modules...)...)
			}
			return s.sudoMago(append([]string{"a-i", "-l", kernels}, modules...)...)
		})
}

// grouped makes one command for all kernels that have the same modules; word is what names a state's module in it, "" for none.
func (s steps) grouped(states []state, word func(state) string, command func(kernels string, modules []string, own bool) string) []string {
	type group struct {
		kernels, modules []string
		own              bool
	}
	var groups []*group
	for _, kernel := range kernelsOf(states) {
		g := &group{kernels: []string{kernel}}
		for _, st := range states {
			if w := word(st); w != "" && st.Kernel == kernel {
				g.modules, g.own = append(g.modules, w), g.own || st.own
			}
		}
		same := slices.IndexFunc(groups, func(other *group) bool { return slices.Equal(other.modules, g.modules) && other.own == g.own })
		switch {
		case len(g.modules) == 0:
		case same >= 0:
			groups[same].kernels = append(groups[same].kernels, kernel)
		default:
			groups = append(groups, g)
		}
	}
	var all []string
	for _, g := range groups {
		all = append(all, command(strings.Join(g.kernels, ","), g.modules, g.own))
	}
	return all
}

// kernelsOf are the kernels of states, each once, in their order.
func kernelsOf(states []state) []string {
	return distinct(states, func(st state) string { return st.Kernel })
}

// modulesOf are the modules of states, each once.
func modulesOf(states []state) []string {
	return distinct(states, func(st state) string { return st.Module })
}

func distinct(states []state, of func(state) string) []string {
	var all []string
	for _, st := range states {
		if text := of(st); !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}
