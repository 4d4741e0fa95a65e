package main

import (
	"fmt"
	"strings"

	"mago/cmd/mago/internal/engine"
)

// sentence says in a line how the states of at least one unit are. machine is how many kernels of the machine want modules.
func sentence(states []engine.State, machine int) string {
	var parts []string
	wanted := engine.ModulesOf(engine.Having(states, engine.IsWanted))
	switch troubles := troubles(states, len(wanted)); {
	case len(troubles) > 0:
		parts = troubles
	case len(wanted) > 0:
		parts = []string{allThere(states, wanted, machine)}
	default:
		parts = unasked(states)
	}
	if held := engine.ModulesOf(engine.Having(states, func(s engine.State) bool { return s.Held != "" })); len(held) > 0 {
		parts = append(parts, who(held)+verb(len(held), " is", " are")+" held")
	}
	if gone := engine.ModulesOf(in(states, engine.StateLeftover)); len(gone) > 0 {
		parts = append(parts, who(gone)+verb(len(gone), " is", " are")+" left over from a kernel that is gone")
	}
	return strings.Join(parts, "; ")
}

// troubles are what is not as it is wanted, a part of the sentence each; of is how many modules are wanted.
func troubles(states []engine.State, of int) (parts []string) {
	for _, t := range []struct{ state, one, many string }{
		{engine.StateMissing, "is missing", "are missing"}, {engine.StateStale, "is stale", "are stale"}, {engine.StateFailed, "does not build", "do not build"},
	} {
		bad := engine.Having(in(states, t.state), engine.IsWanted)
		modules := engine.ModulesOf(bad)
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
		parts = append(parts, fmt.Sprintf("%s %s for %s", whose, verb(len(modules), t.one, t.many), engine.InWords(engine.KernelsOf(bad), 2)))
	}
	return parts
}

// allThere is the sentence where nothing that is wanted is missing.
func allThere(states []engine.State, wanted []string, machine int) string {
	here := engine.Having(states, engine.IsWanted)
	kernels := engine.KernelsOf(here)
	text := verb(len(wanted), wanted[0]+" is there", everyOne(len(wanted))+" are there")
	switch {
	case len(here) < len(wanted)*len(kernels) || len(in(here, engine.StateExcluded)) > 0:
		return text + " where " + verb(len(wanted), "it is", "they are") + " wanted"
	case len(kernels) > 1 && len(kernels) == machine:
		return fmt.Sprintf("%s for the %d kernels of this machine", text, machine)
	}
	return text + " for " + engine.InWords(kernels, 2)
}

// everyOne is all of at least two modules.
func everyOne(modules int) string {
	if modules == 2 {
		return "both modules"
	}
	return fmt.Sprintf("all %d modules", modules)
}

// unasked tells of what is not installed for any kernel.
func unasked(states []engine.State) (parts []string) {
	toSign := func(s engine.State) bool { return s.Reason == engine.StillToSign }
	built := in(states, engine.StateBuilt)
	for _, t := range []struct {
		some      []engine.State
		one, many string
	}{
		{engine.Having(built, toSign), "is " + engine.StillToSign + ",", "are " + engine.StillToSign + ","},
		{engine.Having(built, func(s engine.State) bool { return !toSign(s) }), "is built, not installed,", "are built, not installed,"},
		{in(states, engine.StateFailed), "did not build", "did not build"},
		{in(states, engine.StateExcluded), "is not meant to be built", "are not meant to be built"},
	} {
		if modules := engine.ModulesOf(t.some); len(modules) > 0 {
			parts = append(parts, fmt.Sprintf("%s %s for %s", who(modules), verb(len(modules), t.one, t.many), engine.InWords(engine.KernelsOf(t.some), 2)))
		}
	}
	return parts
}

// who names a module, or counts several.
func who(modules []string) string {
	return verb(len(modules), modules[0], engine.Plural(len(modules), "module"))
}

// verb is the form that a number of things asks for.
func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// in are the states with that word.
func in(states []engine.State, word string) []engine.State {
	return engine.Having(states, func(s engine.State) bool { return s.State == word })
}
