package sweep

import (
	"slices"
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	x, source, other, untouched := sample(), sample(), sample(), sample()
	source.Package, source.Kind, source.Peer = "a-source", "module-assistant", &outcome{Result: built, Seconds: 9}
	source.Mago = &outcome{Result: failed, Why: "a.c:1:1: error: x | " + strings.Repeat("y", cellLimit)}
	source.Size, source.Modules, source.Install, source.Loads = 0, nil, nil, nil
	other.Mago = &outcome{Result: built, Seconds: other.Mago.Seconds, Donor: "6.12.2-amd64"}
	other.Kernel, other.Loads = "6.12.1-amd64", []answer{{Module: "a", Load: noDevice}, {Module: "b", Load: refused, Said: "Unknown symbol z"}}
	untouched.Package, untouched.Mago, untouched.Peer = "b-dkms", nil, nil
	kernels := []string{x.Kernel, "6.9-amd64", other.Kernel}
	got := table("bookworm", kernels, []row{untouched, source, other, x})
	for _, line := range []string{
		"## 6.1.0-1-amd64 (6.1.9-1)",
		"| a-dkms | 1:2-3 | dkms.conf | built | failed: a.c:1:1: error: x |  | 4 | 25 kB | 1 | installed | yes |",
		`| a-source | 1:2-3 | dkms.conf | failed: a.c:1:1: error: x \| ` + strings.Repeat("y", cellLimit-len("failed: a.c:1:1: error: x | ")) + "… |  | built | 9 |  |  |  |  |",
		"| a-dkms | 1:2-3 | dkms.conf | built: fits, modules of 6.12.2-amd64 | failed: a.c:1:1: error: x |  | 4 | 25 kB | 1 | installed | b refused: Unknown symbol z |",
		"2 packages: 1 built, 0 not meant for this kernel, 1 failed; 1 install, the kernel takes all modules of 1; dkms or module-assistant builds 1.",
	} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("no line %q in\n%s", line, got)
		}
	}
	if strings.Contains(got, "6.9-amd64") || strings.Contains(got, "b-dkms") {
		t.Errorf("what nobody tried is in\n%s", got)
	}
	if again := table("bookworm", kernels, []row{x, other, source, untouched}); again != got {
		t.Error("the order of the rows shows")
	}
}

func TestWanted(t *testing.T) {
	c := sample().choice
	for only, want := range map[string]bool{"": true, "a-dkms": true, "b,a-*": true, "a": false} {
		if got := wanted(c, []string{c.Kernel}, only); got != want {
			t.Errorf("wanted with -only %q = %v", only, got)
		}
	}
	if wanted(c, []string{"6.12.1-amd64"}, "") {
		t.Error("another kernel's row is wanted")
	}
}

func TestByModule(t *testing.T) {
	a, b := sample().choice, sample().choice
	source, later := a, a
	b.Module, source.Package, later.Kernel = "b", "a-source", "6.12.1-amd64"
	got := byModule([]choice{a, b, source, later})
	if len(got) != 3 || !slices.Equal(got[0], []choice{a, source}) {
		t.Errorf("byModule = %v", got)
	}
}
