package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestPartStartsEarly: what only the command line needs is not prepared where this program is a part of a sandbox.
func TestPartStartsEarly(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	part := exec.Command(self)
	part.Args = []string{"mago-sandbox", "no order"}
	part.Env = []string{"GODEBUG=inittrace=1"}
	out, err := part.CombinedOutput()
	if said := string(out); err == nil || !strings.Contains(said, "mago-sandbox: ") || !strings.Contains(said, "init mago/kbuild/sandbox ") {
		t.Fatalf("got %v:\n%s", err, said)
	}
	for _, late := range []string{"mago/catalog", "mago/sources", "mago/kbuild/recipe", "mago/cmd/mago/internal/engine"} {
		if strings.Contains(string(out), "init "+late+" ") {
			t.Errorf("%s is prepared before", late)
		}
	}
}
