package main

import (
	"fmt"
	"strings"
)

// sentence says in a line how the states of at least one unit are. machine is how many kernels of the machine want modules.
func sentence(states []state, machine int) string {
	var parts []string
	wanted := modulesOf(having(states, isWanted))
	switch troubles := troubles(states, len(wanted)); {
	case len(troubles) > 0:
		parts = troubles
	case len(wanted) > 0:
		parts = []string{allThere(states, wanted, machine)}
	default:
		parts = unasked(states)
	}
	if gone := modulesOf(in(states, stateLeftover)); len(gone) > 0 {
		parts = append(parts, who(gone)+verb(len(gone), " is", " are")+" left over from a kernel that is gone")
	}
	return strings.Join(parts, "; ")
}

// troubles are what is not as it is wanted, a part of the sentence each; of is how many modules are wanted.
func troubles(states []state, of int) (parts []string) {
	for _, t := range []struct{ state, one, many string }{
		{stateMissing, "is missing", "are missing"}, {stateStale, "is stale", "are stale"}, {stateFailed, "does not build", "do not build"},
	} {
		bad := having(in(states, t.state), isWanted)
		modules := modulesOf(bad)
		if len(modules) == 0 {
			continue
		}
		whose := modules[0]
		switch {
		case of > 1 && len(modules) == of:
			whose = everyOne(of)
		case of > 1:
			whose = fmt.Sprintf("%d of %d modules", len(modules), of)
		}
		parts = append(parts, fmt.Sprintf("%s %s for %s", whose, verb(len(modules), t.one, t.many), inWords(kernelsOf(bad), 2)))
	}
	return parts
}

// allThere is the sentence where nothing that is wanted is missing.
func allThere(states []state, wanted []string, machine int) string {
	here := having(states, isWanted)
	kernels := kernelsOf(here)
	text := verb(len(wanted), wanted[0]+" is there", everyOne(len(wanted))+" are there")
	switch {
	case len(here) < len(wanted)*len(kernels) || len(in(here, stateExcluded)) > 0:
		return text + " where " + verb(len(wanted), "it is", "they are") + " wanted"
	case len(kernels) > 1 && len(kernels) == machine:
		return fmt.Sprintf("%s for the %d kernels of this machine", text, machine)
	}
	return text + " for " + inWords(kernels, 2)
}

// everyOne is all of at least two modules.
func everyOne(modules int) string {
	if modules == 2 {
		return "both modules"
	}
	return fmt.Sprintf("all %d modules", modules)
}

// unasked tells of what is not installed for any kernel.
func unasked(states []state) (parts []string) {
	for _, t := range []struct{ state, one, many string }{
		{stateBuilt, "is built, not installed,", "are built, not installed,"},
		{stateFailed, "did not build", "did not build"},
		{stateExcluded, "is not meant to be built", "are not meant to be built"},
	} {
		some := in(states, t.state)
		if modules := modulesOf(some); len(modules) > 0 {
			parts = append(parts, fmt.Sprintf("%s %s for %s", who(modules), verb(len(modules), t.one, t.many), inWords(kernelsOf(some), 2)))
		}
	}
	return parts
}

// who names a module, or counts several.
func who(modules []string) string {
	return verb(len(modules), modules[0], plural(len(modules), "module"))
}

// verb is the form that a number of things asks for.
func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// in are the states with that word.
func in(states []state, word string) []state {
	return having(states, func(s state) bool { return s.State == word })
}
