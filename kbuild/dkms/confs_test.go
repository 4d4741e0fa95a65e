package dkms

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestConfs reads files as people write them, each directive and each mistake that dkms knows among them.
func TestConfs(t *testing.T) {
	const file = "testdata/confs.txtar"
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, f := range archive.Files {
		want[f.Name] = string(f.Data)
	}
	if !strings.Contains(want["usual-carriage-returns"], "\r\n") {
		t.Error("an editor has taken the carriage returns away")
	}
	for _, f := range archive.Files {
		if filepath.Ext(f.Name) != "" {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			if got := described(evaluate(t, strings.ReplaceAll(string(f.Data), "\r\n", "\n"))); got != want[f.Name+".want"] {
				t.Errorf("got\n-- %s.want --\n%swant\n%s", f.Name, got, want[f.Name+".want"])
			}
		})
	}
}

// described is all that a build goes by.
func described(c *Conf, err error) string {
	if err != nil {
		return fmt.Sprintf("refused: %v\n", err)
	}
	patches, err := c.Patches()
	if err != nil {
		return fmt.Sprintf("refused: %v\n", err)
	}
	k := testKernel
	k.Config = map[string]string{"CONFIG_PCI": "y"}
	built, excluded := c.For(k)
	var all strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&all, format+"\n", args...) }
	say("%s %s: %s", c.Name, c.Version, c.MakeCommand())
	for _, p := range patches {
		say("patch %s", p)
	}
	for _, m := range built {
		say("builds %s as %s, strip %v", filepath.Join(m.Location, m.Name), m.Dest, m.Strip)
	}
	for _, e := range excluded {
		say("not %s: %s", e.Module.Dest, e.Reason)
	}
	for _, name := range append([]string{"PRE_BUILD", "POST_BUILD"}, HookDirectives...) {
		if script, args := c.Hook(name); script != "" {
			say("%s %s %q", name, script, args)
		}
	}
	if names := c.BuildDepends(); len(names) > 0 {
		say("after %q", names)
	}
	for _, w := range c.Warnings() {
		say("warning: %s", w)
	}
	return all.String()
}
