package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
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
			return unknownCommand(model, name, module, rootOf(given))
		}
	}
	if err := checkOptions(model, given); err != nil {
		return about(commandCalled(model, names[0]), module, err)
	}
	for _, name := range names {
		node := commandCalled(model, name)
		if node == nil {
			return unknownCommand(model, name, module, rootOf(given))
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

// typedOption is one option as it was typed: its name with the dashes.
type typedOption struct {
	arg      string // whole, which may be several letters
	name     string
	value    string
	hasValue bool
}

// optionsOf parts what partArgs has found: letters that stand together, and the values that go with options.
func optionsOf(flags []string) []typedOption {
	valued := valuedFlags()
	var all []typedOption
	for i := 0; i < len(flags); i++ {
		last := lettersOf(flags[i], valued)
		all = append(all, last...)
		option := &all[len(all)-1]
		if valued[option.name] && !option.hasValue && i+1 < len(flags) {
			i++
			option.value, option.hasValue = flags[i], !strings.HasPrefix(flags[i], "-") || flags[i] == "-"
		}
	}
	return all
}

// lettersOf are the options of one argument.
func lettersOf(arg string, valued map[string]bool) []typedOption {
	if strings.HasPrefix(arg, "--") {
		name, value, hasValue := strings.Cut(arg, "=")
		return []typedOption{{arg, name, value, hasValue}}
	}
	var all []typedOption
	for i, letter := range arg[1:] {
		option := typedOption{arg: arg, name: "-" + string(letter)}
		if value := arg[1+i+len(string(letter)):]; valued[option.name] && value != "" {
			option.value, option.hasValue = value, true
			return append(all, option)
		}
		all = append(all, option)
	}
	if len(all) == 0 {
		all = []typedOption{{arg: arg, name: arg}}
	}
	return all
}

// checkOptions refuses options that no command has, or that lack their values.
func checkOptions(model *kong.Application, given []typedOption) error {
	all := everyFlag(model)
	for _, o := range given {
		flag := flagCalled(all, o.name)
		if flag == nil {
			return unknownOption(all, o)
		}
		if err := checkOption(flag, o); err != nil {
			return err
		}
	}
	return nil
}

func checkOption(flag *kong.Flag, o typedOption) error {
	switch {
	case !flag.IsBool() && !o.hasValue && o.value != "":
		return misuse("", "%s needs a value (%s), and %s is an option", o.name, flag.FormatPlaceHolder(), o.value)
	case !flag.IsBool() && !o.hasValue:
		return misuse("", "%s needs a value: %s", o.name, flag.FormatPlaceHolder())
	case flag.Name == "kernel-dir":
		return checkKernelDir(o.value)
	case flag.Name == "sandbox":
		return checkSandbox(o.value)
	}
	return nil
}

// release is how kernels are called, with the architecture that dkms's users write behind it.
var release = regexp.MustCompile(`^([0-9]+\.[0-9]+[.-][A-Za-z0-9.+~-]*)(?:/[a-z0-9_]+)?$`)

// checkKernelDir tells those who name a kernel with -k, as dkms wants it, how mago wants it.
func checkKernelDir(value string) error {
	m := release.FindStringSubmatch(value)
	if _, err := os.Stat(value); m == nil || err == nil {
		return nil
	}
	return &misuseError{step: fmt.Sprintf("a kernel is chosen with -l: -l %s", m[1]), err: &usageError{fmt.Errorf("-k names directories of kernel headers, and %s is none", value)}}
}

// offeredSandboxes are the values of --sandbox that are ever offered: the fourth one takes less care.
var offeredSandboxes = []string{"auto", "bubblewrap", "namespaces"}

func checkSandbox(value string) error {
	if value == "user" || slices.Contains(offeredSandboxes, value) {
		return nil
	}
	return misuse("", "there is no sandbox %q: --sandbox takes %s", value, strings.Join(offeredSandboxes, ", "))
}

// checkOwnOptions refuses options that other commands have.
func checkOwnOptions(model *kong.Application, node *kong.Node, given []typedOption) error {
	own := slices.Concat(model.Flags, node.Flags)
	for _, o := range given {
		if flagCalled(own, o.name) == nil {
			return misuse(node.Name, "%s has no option %s, which is for %s", node.Name, o.name, strings.Join(ownersOf(model, o.name), ", "))
		}
	}
	return nil
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

// ownersOf are the commands that have an option.
func ownersOf(model *kong.Application, name string) []string {
	var names []string
	for _, node := range offered(model) {
		if flagCalled(node.Flags, name) != nil {
			names = append(names, node.Name)
		}
	}
	return names
}

// foreign is the error of a word that another program's users know.
func foreign(kind, word, program, way string) error {
	return &misuseError{step: way, err: &usageError{fmt.Errorf("no such %s: %s, which is %s's", kind, word, program)}}
}

func unknownCommand(model *kong.Application, name, module, root string) error {
	if h, program, known := commandHabit(name); known {
		return foreign("command", name, program, h.forModule(root, module))
	}
	meant := nearest(name, append(commandNames(model), commandHabitWords()...))
	if h, program, known := commandHabit(meant); known {
		return foreign("command", name+", nor "+meant, program, h.forModule(root, module))
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

// rootOf is the root that a command line names.
func rootOf(given []typedOption) string {
	root := "/"
	for _, o := range given {
		if o.name == "--root" && o.value != "" {
			root = o.value
		}
	}
	return root
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
	if meant := cmp.Or(completed(typed, names), nearest(typed, names)); meant != "" {
		return "--" + meant
	}
	return ""
}

// weakens reports whether an option takes a check away: nothing ever suggests such a one or completes to it.
func weakens(flag *kong.Flag) bool { return flag.Tag.Has("weakens") }

// moduleNamed is the first word behind the command that is a module's name, without dkms's version, "" where there is none.
func moduleNamed(words []string) string {
	if len(words) < 2 {
		return ""
	}
	name, _, _ := strings.Cut(words[1], "/")
	if !plainName.MatchString(name) {
		return ""
	}
	return name
}

var plainName = regexp.MustCompile(`^[a-z0-9][a-z0-9+._-]*$`)

// commandCalled is the command of a name or an alias, nil for none.
func commandCalled(model *kong.Application, name string) *kong.Node {
	for _, node := range model.Children {
		if node.Name == name || slices.Contains(node.Aliases, name) {
			return node
		}
	}
	return nil
}

func commandNames(model *kong.Application) []string {
	var names []string
	for _, node := range offered(model) {
		names = append(append(names, node.Name), node.Aliases...)
	}
	return names
}

func commandHabitWords() []string {
	var words []string
	for _, all := range foreignHabits {
		for _, h := range all.commands {
			words = append(words, h.words...)
		}
	}
	return words
}

// everyFlag are the flags of all commands and of each.
func everyFlag(model *kong.Application) []*kong.Flag {
	all := slices.Clone(model.Flags)
	for _, node := range model.Children {
		all = append(all, node.Flags...)
	}
	return all
}

// flagCalled is the flag of a name with its dashes, nil for none.
func flagCalled(flags []*kong.Flag, name string) *kong.Flag {
	for _, flag := range flags {
		if slices.Contains(flagNames(flag), name) {
			return flag
		}
	}
	return nil
}
