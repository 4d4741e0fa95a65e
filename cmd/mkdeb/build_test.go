package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Where git shows no commit, as root's git shows none of another user's checkout, the package has version and date of the newest
// changelog entry.
func TestNoCommit(t *testing.T) {
	released, err := changelogDate(ownChangelog)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		git, epoch string
		seconds    int64
		refused    bool
	}{
		"a checkout":                        {"echo 1234567", "", 1234567, false},
		"another user's checkout":           {"exit 128", "", released.Unix(), true},
		"another user's checkout, and date": {"exit 128", "89", 89, true},
	} {
		bin := t.TempDir()
		for program, script := range map[string]string{"git": c.git, "go": `echo "$@" >` + bin + "/args"} {
			if err := os.WriteFile(filepath.Join(bin, program), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		t.Setenv("PATH", bin)
		commit, err := committed(t.Context(), ".")
		if (err != nil) != c.refused {
			t.Errorf("%s: commit %q, %v", name, commit, err)
		}
		r := request{Source: ".", Epoch: c.epoch, Commit: commit}
		if date, err := r.date(); err != nil || date.Unix() != c.seconds {
			t.Errorf("%s: date %v, %v", name, date, err)
		}
		if err := r.build(t.Context(), "amd64", own, "x"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		args, err := os.ReadFile(filepath.Join(bin, "args"))
		if err != nil || strings.Contains(string(args), "-buildvcs=false") != c.refused {
			t.Errorf("%s: go %s, %v", name, args, err)
		}
	}
}
