package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/testscript"
)

// evil has what terminals take for commands, in each of its forms, and what hides text or turns its direction.
const evil = "\x1b]0;x\a\x1b[2J\u009b2J\x9b2J\x7f\b\u202eko\u2066\u200b\U000e0041"

// putEvil takes the name of a file that has @EVIL@ in it for that of the file that is to be made.
func putEvil(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		text := ts.ReadFile(name)
		made := ts.MkAbs(strings.ReplaceAll(name, "@EVIL@", evil))
		ts.Check(os.MkdirAll(filepath.Dir(made), 0o755))
		ts.Check(os.WriteFile(made, bytes.ReplaceAll([]byte(text), []byte("@EVIL@"), []byte(evil)), 0o644))
	}
}

func saysEvil(ts *testscript.TestScript, neg bool, args []string) {
	failed := ts.Exec("mago", args...)
	stdout, stderr := ts.ReadFile("stdout"), ts.ReadFile("stderr")
	text := stdout + stderr
	shown := strings.ContainsRune(text, utf8.RuneError) || strings.Contains(text, `\u009b`)
	switch {
	case commandsTerminal(text):
		ts.Fatalf("mago %q printed %q", args, text)
	case !shown && !neg:
		ts.Fatalf("mago %q (%v) shows nothing of it: %q", args, failed, text)
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "spoof") {
			ts.Fatalf("mago %q printed a line of others: %q", args, text)
		}
	}
	for line := range strings.Lines(stderr) {
		if !strings.HasPrefix(line, "mago: ") && !strings.Contains(strings.Join(args, " "), "-v") {
			ts.Fatalf("mago %q complained %q", args, stderr)
		}
	}
}

func commandsTerminal(text string) bool {
	return !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool {
		return r != '\n' && r != '\t' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
	})
}
