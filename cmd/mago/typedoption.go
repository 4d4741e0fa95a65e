package main

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"mago/cmd/mago/internal/engine"

	"github.com/alecthomas/kong"
)

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

// systemOf is the system that a command line names, and where its cache is.
func systemOf(given []typedOption) (on engine.System, cache string) {
	o := options{Root: "/"}
	flags := everyFlag(grammar())
	for _, option := range given {
		switch flag := flagCalled(flags, option.name); {
		case flag == nil || option.value == "":
		case flag.Name == "root":
			o.Root = option.value
		case flag.Name == "user-dir":
			o.UserDir = option.value
		}
	}
	on = engine.Unplaced(thisMachine().AsRoot, os.Getenv("SUDO_USER"))
	on.Root, on.Cache = o.Root, o.UserDir
	paths, err := newPaths(o, on.AsRoot)
	if err != nil {
		return on, cmp.Or(o.UserDir, systemCache) // which the command itself will refuse
	}
	return on, paths.Cache
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

// checkKernelDir tells those who name kernels with -k, as dkms wants it, how mago wants it.
func checkKernelDir(value string) error {
	var releases []string
	for _, word := range engine.Lists(value) {
		m := release.FindStringSubmatch(word)
		if _, err := os.Stat(word); m == nil || err == nil {
			return nil
		}
		releases = append(releases, m[1])
	}
	if len(releases) == 0 {
		return nil
	}
	return &misuseError{
		step: "a kernel is chosen with -l: -l " + strings.Join(releases, ","),
		err:  &engine.UsageError{Err: fmt.Errorf("-k names directories of kernel headers, and %s is not one", value)},
	}
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
