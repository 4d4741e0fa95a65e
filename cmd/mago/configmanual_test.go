package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mago/cmd/mago/internal/config"
	"mago/debpkg/rooted"
)

// TestConfigInManual: the manual tells each field with what it takes, and its example has them all, without a mistake.
func TestConfigInManual(t *testing.T) {
	var page bytes.Buffer
	if err := writeMan(&page); err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(page.String(), ".SH CONFIGURATION\n")
	section, _, _ = strings.Cut(section, ".SH ")
	c := config.Read(false, config.Dir{Root: rooted.Root(exampleIn(t, section)), Path: "/etc/mago"})
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	var used []string
	for _, module := range append([]string{""}, c.Modules()...) {
		for _, s := range c.Of(module) {
			if s.From == config.File {
				used = append(used, s.Field)
			}
		}
	}
	for _, f := range config.Fields {
		if item := ".TP\n\\fB" + troff(f.Name) + "\\fR: \\fI" + troff(f.Value) + "\\fR\n" + troff(f.Help) + "\n"; strings.Count(section, item) != 1 {
			t.Errorf("the manual does not have once\n%s", item)
		}
		if !slices.Contains(used, f.Name) {
			t.Errorf("the manual's example is without %s", f.Name)
		}
	}
}

// exampleIn writes the files of the manual's example below a new directory.
func exampleIn(t *testing.T, section string) (root string) {
	root = t.TempDir()
	_, example, _ := strings.Cut(section, "\n.in +2n\n")
	example, _, _ = strings.Cut(example, "\n.in\n")
	for file := range strings.SplitSeq(strings.ReplaceAll(example, `\-`, "-"), "\n.sp\n") {
		name, text, _ := strings.Cut(strings.TrimPrefix(file, "# "), "\n")
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, `\e`, `\`)+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}
