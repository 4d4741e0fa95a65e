package engine

import (
	"slices"
	"strings"

	"mago/cmd/mago/internal/store"
)

// The names of the settings that shape a module's package, as the configuration has them.
const (
	makeArguments = "Make-Arguments"
	dkmsVariables = "Dkms-Variables"
	earlyBoot     = "Early-Boot"
)

// shaping are a module's settings that shape its package.
func (o Options) shaping(module string) (inputs []store.Input) {
	own := o.Of(module)
	add := func(name, value string) {
		if value != "" {
			inputs = append(inputs, store.Input{Role: asOption, Name: name, Version: value})
		}
	}
	add(makeArguments, allPasted(own.MakeArguments))
	add(dkmsVariables, allPasted(own.Variables))
	add(earlyBoot, map[Choice]string{Yes: "yes", No: "no"}[own.Early])
	return inputs
}

// isShaping reports whether an input is such a setting.
func isShaping(in store.Input) bool {
	return in.Role == asOption && slices.Contains([]string{makeArguments, dkmsVariables, earlyBoot}, in.Name)
}

func allPasted(words []string) string {
	var all []string
	for _, word := range words {
		all = append(all, Pasted(word))
	}
	return strings.Join(all, " ")
}

// configuredAnew says which of a module's settings is another than a record's build had, "" for none. The record has its inputs.
func (o Options) configuredAnew(r store.Record) string {
	if r.Format < store.Keyed {
		return ""
	}
	had := slices.DeleteFunc(slices.Clone(r.Inputs), func(in store.Input) bool { return !isShaping(in) })
	return changed(o.shaping(r.Module), had)
}
