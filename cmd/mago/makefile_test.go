package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMakeBuild has "make build" do without the commit where git refuses the checkout, as root's git refuses another user's, and
// say what to type where sudo has no go.
func TestMakeBuild(t *testing.T) {
	for _, test := range []struct {
		name, git string
		args      []string
		want, not string
	}{
		{"a checkout", "echo 1234567", []string{"-n", "build"}, "go build", "-buildvcs"},
		{"another user's checkout", "exit 128", []string{"-n", "build"}, "go build -trimpath -buildvcs=false", "go: "},
		{"no go", "exit 128", []string{"build"}, `sudo env PATH="$PATH" make `, "not found"},
	} {
		bin := t.TempDir()
		if err := os.WriteFile(filepath.Join(bin, "git"), []byte("#!/bin/sh\n"+test.git+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		makes := exec.Command("make", append([]string{"-C", "../.."}, test.args...)...)
		makes.Env = []string{"PATH=" + bin}
		out, err := makes.CombinedOutput()
		if text := string(out); (err != nil) != (test.name == "no go") || !strings.Contains(text, test.want) || strings.Contains(text, test.not) {
			t.Errorf("%s: %v, %s", test.name, err, out)
		}
	}
}
