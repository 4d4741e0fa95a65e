package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func textOf(write func(*bytes.Buffer)) string {
	var buf bytes.Buffer
	write(&buf)
	return buf.String()
}

// The first page leaves room for a prompt on a terminal of 24 lines, and has the commands first.
func TestOverview(t *testing.T) {
	page := textOf(func(buf *bytes.Buffer) { writeOverview(buf, grammar()) })
	if n := strings.Count(page, "\n"); n > 23 {
		t.Errorf("%d lines:\n%s", n, page)
	}
	first := strings.Index(page, "  -")
	for _, node := range offered(grammar()) {
		if at := strings.Index(page, "\n  "+node.Name); (at < 0 || at > first) != node.Tag.Has("minor") {
			t.Errorf("%s is at %d", node.Name, at)
		}
	}
	if n := strings.Count(page, "\n  -"); n != len(usualOptions) || n != 5 {
		t.Errorf("%d options", n)
	}
	if also := "Also: list-installed, log, update, key, sign, config, help, version\n"; strings.Count(page, also) != 1 {
		t.Errorf("no %sin\n%s", also, page)
	}
}

// Nothing that help prints is wider than a terminal.
func TestHelpIsNotWide(t *testing.T) {
	pages := textOf(func(buf *bytes.Buffer) {
		writeOverview(buf, grammar())
		writeOptionsHelp(buf, grammar())
		for _, node := range grammar().Children {
			writeCommandHelp(buf, grammar(), node)
		}
		for _, h := range foreignHabits {
			writeHabits(buf, h)
		}
	})
	for line := range strings.Lines(pages) {
		if utf8.RuneCountInString(line) > 80 {
			t.Errorf("wide: %s", line)
		}
	}
}

// Every option of all commands stands in one group, and says which commands it is for.
func TestOptionGroups(t *testing.T) {
	seen := map[string]int{}
	for _, group := range optionGroups {
		for _, use := range group.uses {
			seen[use.name]++
			if flagCalled(grammar().Flags, "--"+use.name) == nil {
				t.Errorf("no option --%s", use.name)
			}
			for name := range strings.FieldsSeq(use.commands) {
				if commandCalled(grammar(), name) == nil {
					t.Errorf("--%s: no command %s", use.name, name)
				}
			}
		}
	}
	for _, flag := range grammar().Flags {
		if seen[flag.Name] != 1 && !flag.Hidden {
			t.Errorf("--%s stands in %d groups of optionGroups", flag.Name, seen[flag.Name])
		}
	}
}

// A command's page has its own options first, and none that takes a check away or means nothing to it.
func TestCommandHelp(t *testing.T) {
	for name, wants := range map[string][]string{
		"update":       {"Usage: mago update [OPTION...]\n", "--apt", "-f, --force"},
		"auto-install": {"Usage: mago auto-install [OPTION...] MODULE...\n", "Also called: a-i, ai\n", "-l, --kvers-list KERNELS", "For example: sudo mago"},
		"list":         {"[MODULE...]", "--json"},
	} {
		page := textOf(func(buf *bytes.Buffer) { writeCommandHelp(buf, grammar(), commandCalled(grammar(), name)) })
		want(t, page, wants...)
		if strings.Contains(page, "--allow") || strings.Contains(page, "namespaces, user") || name == "list" && strings.Contains(page, "--force") {
			t.Errorf("%s: %s", name, page)
		}
	}
	update := textOf(func(buf *bytes.Buffer) { writeCommandHelp(buf, grammar(), commandCalled(grammar(), "update")) })
	if strings.Index(update, "--apt") > strings.Index(update, "--force") {
		t.Error("its own option comes last")
	}
}

// A variable of module-assistant's that mago does not heed is told of where it would have meant something.
func TestUnusedVariables(t *testing.T) {
	set := func(names ...string) func(string) string {
		return func(name string) string {
			if slices.Contains(names, name) {
				return "x"
			}
			return ""
		}
	}
	for _, c := range []struct {
		set      []string
		commands []string
		want     string
	}{
		{[]string{"SIGNCHANGES"}, []string{"build"}, "SIGNCHANGES is not used by mago: mago writes no .changes files"},
		{[]string{"SIGNCHANGES"}, []string{"list"}, ""},
		{[]string{"SIGNCHANGES"}, nil, ""},
		{[]string{"KERNELDIRS", "KPKG_DEST_DIR", "DEBNAME"}, []string{"auto-install"}, ""},
		{[]string{"MA_VARDIR", "KVERS"}, []string{"build", "install"}, "MA_VARDIR is not used by mago: -u DIR is where mago keeps things; KVERS is not used by mago: a kernel is chosen with -l"},
		{nil, []string{"build"}, ""},
	} {
		if got := strings.Join(unused(set(c.set...), c.commands), "; "); got != c.want {
			t.Errorf("%v for %v: %q, want %q", c.set, c.commands, got, c.want)
		}
	}
	for _, v := range assistantVariables {
		if note := "mago: note: " + v.name + " is not used by mago: " + v.instead; len(note) > 80 {
			t.Errorf("wide: %s", note)
		}
		for name := range strings.FieldsSeq(v.commands) {
			if commandCalled(grammar(), name) == nil {
				t.Errorf("%s: no command %s", v.name, name)
			}
		}
	}
}
