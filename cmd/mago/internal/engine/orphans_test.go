package engine

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// TestOrphansAskedFor: between the question and the answer another process may have removed the package.
func TestOrphansAskedFor(t *testing.T) {
	m := newMadeMatrix(t, 1, 0)
	m.record(t, "module0", "ab")
	const status = "var/lib/dpkg/status"
	before, err := os.ReadFile(filepath.Join(m.root, status))
	if err != nil {
		t.Fatal(err)
	}
	m.write(t, status, string(before)+"Package: module0-modules-"+keyRelease+"\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n")
	e, asked := m.engine(t), 0
	run := e.host.Run
	e.host.Run = func(cmd *exec.Cmd) error {
		if slices.Contains(cmd.Args, "--purge") {
			t.Errorf("%q was run", cmd.Args)
		}
		return run(cmd)
	}
	how := Eviction{MaxSize: -1, Orphans: true, Confirm: func([]string) bool {
		asked++
		m.write(t, status, string(before))
		return true
	}}
	if err := Evict(t.Context(), e, nil, how); err != nil {
		t.Fatal(err)
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}
