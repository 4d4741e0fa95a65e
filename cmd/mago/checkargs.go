package main

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"mago/catalog"
)

// understand finds what a command line has that mago does not understand, and says so in mago's own words: kong would
// suggest whatever is spelled alike.
func understand(model *kong.Application, args []string) error {
	words, flags, rest := partArgs(args)
	given := optionsOf(flags)
	if len(words) == 0 {
		return firstOf(checkOptions(model, given), checkNoCommand(given, rest))
	}
	names := strings.Split(words[0], ",")
	module := moduleNamed(words)
	for _, name := range names {
		if _, _, known := commandHabit(name); known {
			return unknownCommand(model, name, module, given)
		}
	}
	if err := checkOptions(model, given); err != nil {
		return about(commandCalled(model, names[0]), module, err)
	}
	for _, name := range names {
		node := commandCalled(model, name)
		if node == nil {
			return unknownCommand(model, name, module, given)
		}
		if err := firstOf(checkOwnOptions(model, node, given), checkWords(node, slices.Concat(words[1:], rest), given)); err != nil {
			return err
		}
	}
	return nil
}

// firstOf is the first error of some.
func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// about names the command and the module to an error of the options.
func about(node *kong.Node, module string, err error) error {
	misused := (*misuseError)(nil)
	if node == nil || !errors.As(err, &misused) {
		return err
	}
	names := strings.NewReplacer("COMMAND", node.Name, "MODULE", cmp.Or(module, "MODULE"))
	return &misuseError{node.Name, names.Replace(misused.step), misused.err}
}

func checkNoCommand(given []typedOption, rest []string) error {
	if len(rest) > 0 || len(given) > 0 && !asksOnly(given) {
		return misuse("", "no command is named")
	}
	return nil
}

// asksOnly reports whether there is an option that prints something and does nothing else.
func asksOnly(given []typedOption) bool {
	return slices.ContainsFunc(given, func(o typedOption) bool { return slices.Contains([]string{"-h", "--help", "--version"}, o.name) })
}

// checkWords refuses words that a command does not take, and tells of those that it lacks.
func checkWords(node *kong.Node, words []string, given []typedOption) error {
	all := node.Positional
	switch {
	case asksOnly(given):
		return nil
	case len(all) == 0 && len(words) > 0:
		return misuse(node.Name, "%s takes no module: %s", node.Name, words[0])
	case len(all) == 0:
		return nil
	case len(words) == 0 && all[0].Required:
		return misuse(node.Name, "%s needs %s", node.Name, wanted[all[0].Name])
	case len(words) > len(all) && !all[len(all)-1].IsCumulative():
		return misuse(node.Name, "%s takes one word, and %s is one more", node.Name, words[len(all)])
	}
	return nil
}

// wanted says what the arguments of commands are.
var wanted = map[string]string{
	"module": "a module: its name, its directory or its tarball",
	"text":   "a text to look for",
}

// moduleNamed is the first word behind the command that is a module's name, without dkms's version, "" where there is none.
func moduleNamed(words []string) string {
	if len(words) < 2 {
		return ""
	}
	name, _, _ := strings.Cut(words[1], "/")
	if !plainName.MatchString(name) {
		return ""
	}
	return catalog.ModuleName(name)
}

var plainName = regexp.MustCompile(`^[a-z0-9][a-z0-9+._-]*$`)
