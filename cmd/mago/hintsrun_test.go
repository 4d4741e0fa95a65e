package main

import (
	"errors"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// advised finds the commands in what mago has printed: those in quotes, and those that stand alone behind a label.
func advised(text string) (commands []string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		for _, m := range quotedCommand.FindAllStringSubmatch(line, -1) {
			commands = append(commands, m[1])
		}
		if m := labelled.FindStringSubmatch(line); m != nil {
			commands = append(commands, m[1])
		}
	}
	return commands
}

var (
	quotedCommand = regexp.MustCompile(`"([^"]+)"`)
	labelled      = regexp.MustCompile(`^(?:next|also|to keep only one|To remove|To install): +(?:boot .*, then )?(.*)`)
)

// paste [-try] PATTERN [PROGRAM…] runs, as a shell does for the user to whom mago has just said it, the first command in mago's advice that a pattern
// matches. What follows sudo root runs.
// The program then has to succeed; with -try the root is as it was afterwards.
func paste(ts *testscript.TestScript, neg bool, args []string) {
	if args[0] == "-try" {
		args = args[1:]
		root, kept := worldOf(ts).root, ts.MkAbs("kept")
		ts.Check(exec.Command("cp", "-a", root, kept).Run())
		defer func() { ts.Check(errors.Join(os.RemoveAll(root), os.Rename(kept, root))) }()
	}
	pattern := regexp.MustCompile(args[0])
	all := advised(ts.ReadFile("stderr") + "\n" + ts.ReadFile("stdout"))
	i := slices.IndexFunc(all, pattern.MatchString)
	if i < 0 {
		ts.Fatalf("no command of %q matches %s", all, pattern)
	}
	as := ts.Getenv("AS")
	if strings.Contains(all[i], "sudo ") {
		ts.Setenv("AS", "")
	}
	ts.Setenv("PASTED", "1")
	err := ts.Exec("sh", "-c", all[i])
	ts.Setenv("PASTED", "")
	ts.Setenv("AS", as)
	if (err != nil) != neg {
		ts.Fatalf("%s: %v", all[i], err)
	}
	if len(args) > 1 {
		ts.Check(ts.Exec(args[1], args[2:]...))
	}
}
