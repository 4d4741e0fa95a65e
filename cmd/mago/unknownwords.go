package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"mago/cmd/mago/internal/engine"
	"mago/debpkg/word"

	"github.com/alecthomas/kong"
)

// foreign is the error of a word that another program's users know.
func foreign(kind, word, program, way string) error {
	return &misuseError{step: way, err: &engine.UsageError{Err: fmt.Errorf("no such %s: %s, which is %s's", kind, word, program)}}
}

func unknownCommand(model *kong.Application, name, module string, given []typedOption) error {
	if h, program, known := commandHabit(name); known {
		return foreign("command", name, program, h.forModule(given, module))
	}
	meant := word.Nearest(name, append(commandNames(model), commandHabitWords()...))
	if h, program, known := commandHabit(meant); known {
		return foreign("command", name+", nor "+meant, program, h.forModule(given, module))
	}
	return misuse("", "no such command: %s%s", name, didYouMean(meant))
}

func unknownOption(all []*kong.Flag, o typedOption) error {
	whole, _, _ := strings.Cut(o.arg, "=")
	for _, name := range []string{"-" + whole, o.name} { // -all is --all in some programs
		if h, program, known := optionHabit(name); known {
			return foreign("option", o.name, program, h.way)
		}
	}
	if flag := flagCalled(all, "-"+whole); flag != nil && !weakens(flag) {
		return misuse("", "no such option: %s%s", whole, didYouMean("-"+whole))
	}
	return misuse("", "no such option: %s%s", o.name, didYouMean(meantOption(all, o.name)))
}

func didYouMean(word string) string {
	if word == "" {
		return ""
	}
	return "; did you mean " + word + "?"
}

// meantOption is the option that a wrong one was meant for. One that takes a check away never is.
func meantOption(all []*kong.Flag, name string) string {
	typed, long := strings.CutPrefix(name, "--")
	if !long {
		return ""
	}
	var names []string
	for _, flag := range all {
		if !weakens(flag) {
			names = append(append(names, flag.Name), flag.Aliases...)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if meant := cmp.Or(word.Completed(typed, names), word.Nearest(typed, names)); meant != "" {
		return "--" + meant
	}
	return ""
}

// weakens reports whether an option takes a check away: nothing ever suggests such a one or completes to it.
func weakens(flag *kong.Flag) bool { return flag.Tag.Has("weakens") }
