package main

import (
	"fmt"
	"slices"
	"strings"
)

// variable is one of the environment that another program heeds. Where mago does not, instead says what to do; commands are
// those that the variable would have meant something to.
type variable struct {
	name     string
	instead  string
	commands string
}

var assistantVariables = []variable{
	{name: "KERNELDIRS, KPKG_DEST_DIR"}, {name: "KMAINT, DEBFULLNAME, DEBNAME"}, {name: "KEMAIL, DEBEMAIL"},
	{"MODULE_LOC", "name a directory by its path", forBuilds},
	{"MOD_SRCDIR", "name a tarball by its path", forSources},
	{"MA_VARDIR", "-u DIR is where mago keeps things", forChanges + " list show status"},
	{"MA_APTCMD", "mago calls apt-get", forSources + " update"},
	{"ROOT_CMD", "-S COMMAND runs apt and dpkg as root", forPackages + " prepare"},
	{"SIGNCHANGES", "mago writes no .changes files", forBuilds},
	{"KVERS", "a kernel is chosen with -l", forKernels},
	{"KSRC", "-k DIR names kernel headers", forKernels},
}

// unused notes each variable that is set, would have meant something to a command, and is not used.
func unused(getenv func(string) string, commands []string) (notes []string) {
	for _, v := range assistantVariables {
		if v.instead == "" || getenv(v.name) == "" {
			continue
		}
		if slices.ContainsFunc(strings.Fields(v.commands), func(name string) bool { return slices.Contains(commands, name) }) {
			notes = append(notes, fmt.Sprintf("%s is not used by mago: %s", v.name, v.instead))
		}
	}
	return notes
}
