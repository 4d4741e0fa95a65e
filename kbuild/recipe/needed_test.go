package recipe

import (
	"slices"
	"testing"

	"mago/kbuild/kernel"
	"mago/kbuild/sandbox"
)

// TestNeededEpoch: KBUILD_EXTRA_SYMBOLS stands among make's prerequisites.
func TestNeededEpoch(t *testing.T) {
	from, kernel := tree{SymversFile: "", "a.ko": ""}.write(t, t.TempDir()), kernel.Kernel{Release: "6.1", Arch: "x86_64"}
	job := Job{Kernel: kernel, Work: t.TempDir(), Needed: []Needed{{Name: "a", Version: "1:2.0-1", Source: Source{Dir: from}, Modules: from}}}
	w, err := Open(Host{Sandbox: sandbox.Sandbox{Kind: sandbox.Bubblewrap}}, job)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.PlaceNeeded(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := []string{sandbox.WorkDir + "/a/1_2.0-1/6.1/x86_64/module/" + SymversFile}; !slices.Equal(w.symvers, want) {
		t.Errorf("got %q, want %q", w.symvers, want)
	}
}
