//go:build e2e

package e2e

import (
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// advice finds commands in what mago has printed: those in quotes, and those that stand alone behind a label.
var advice = regexp.MustCompile(`(?m)"([^"]+)"|^(?:next|also| *to keep only one|To remove|To install): +(?:boot .*, then )?(.*)$`)

var bySudo = regexp.MustCompile(`(^|&& )sudo `)

// pasteInCase runs a command as the shell does for the user to whom mago has just said it, between further text of a command line.
func pasteInCase(ts *testscript.TestScript, neg bool, args []string) {
	pattern := regexp.MustCompile(args[0])
	var all []string
	for _, m := range advice.FindAllStringSubmatch(ts.ReadFile("stderr")+"\n"+ts.ReadFile("stdout"), -1) {
		all = append(all, m[1]+m[2])
	}
	i := slices.IndexFunc(all, pattern.MatchString)
	if i < 0 {
		ts.Fatalf("no command of %q matches %s", all, pattern)
	}
	command := all[i]
	if len(args) > 1 {
		command = args[1] + command + args[2]
	}
	if root := bySudo.ReplaceAllString(command, "$1"); root != command {
		defer ts.Setenv("AS", ts.Getenv("AS"))
		ts.Setenv("AS", "")
		command = root
	}
	ts.Logf("$ %s", command)
	inCase(ts, neg, []string{"sh", "-c", "export DEBIAN_FRONTEND=noninteractive; " + strings.ReplaceAll(command, "apt-get ", "apt-get --yes ")})
}
