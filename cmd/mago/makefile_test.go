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

// TestMakeWithoutCgo has make call go without cgo, which where gcc is installed needs libc6-dev.
func TestMakeWithoutCgo(t *testing.T) {
	for _, target := range []string{"build", "lint", "check", "test", "bench", "fuzz", "deb"} {
		bin := t.TempDir()
		if err := os.WriteFile(filepath.Join(bin, "go"), []byte("#!/bin/sh\necho go $1: cgo=$CGO_ENABLED >>"+bin+"/calls\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		makes := exec.Command("make", "-C", "../..", target)
		makes.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "CGO_ENABLED=")
		out, err := makes.CombinedOutput()
		if err != nil {
			t.Errorf("make %s: %v, %s", target, err, out)
		}
		calls, err := os.ReadFile(filepath.Join(bin, "calls"))
		if all := strings.Count(string(calls), "\n"); err != nil || all == 0 || strings.Count(string(calls), "cgo=0\n") != all {
			t.Errorf("make %s: %v, %s", target, err, calls)
		}
	}
}
