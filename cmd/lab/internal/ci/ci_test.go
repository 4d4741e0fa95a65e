package ci

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestRaceHasCgo gives the race detector the cgo that it needs, and that make has turned off.
func TestRaceHasCgo(t *testing.T) {
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "go"), []byte("#!/bin/sh\necho cgo=$CGO_ENABLED >&2\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	t.Setenv("CGO_ENABLED", "0")
	raced := false
	for _, suite := range suites([]string{"mago/x"}) {
		want := "cgo=0\n"
		if slices.Contains(suite.args, "-race") {
			want, raced = "cgo=1\n", true
		}
		var said bytes.Buffer
		if err := goTest(t.Context(), &results{}, &said, suite.args); err != nil || said.String() != want {
			t.Errorf("go test %q: %v, %s", suite.args, err, said.String())
		}
	}
	if !raced {
		t.Error("no suite has the race detector")
	}
}
