package main

import (
	"fmt"
	"strings"
	"testing"

	"mago/cmd/mago/internal/engine"
	"mago/debpkg/visible"
)

// cells are results of modules for kernels; the word of a unit is the state's, unless others has one.
func cells(modules, kernels []string, others map[engine.UnitID]string) (all []engine.UnitResult) {
	for _, m := range modules {
		for _, k := range kernels {
			r := engine.UnitResult{Unit: engine.UnitID{Module: m, Kernel: k}, State: engine.ResultBuilt}
			if state, ok := others[r.Unit]; ok {
				r.State = state
			}
			all = append(all, r)
		}
	}
	return all
}

func TestGrid(t *testing.T) {
	two, four := []string{"6.1.0-55-amd64", "6.1.0-56-amd64"}, []string{"6.12.115+deb13-amd64", "6.12.117+deb13-amd64", "6.12.118+deb13-amd64", "6.12.118+deb13-cloud-amd64"}
	failed := map[engine.UnitID]string{{Module: "v4l2loopback", Kernel: two[1]}: engine.ResultFailed, {Module: "v4l2loopback", Kernel: four[3]}: engine.ResultExcluded}
	modules := []string{"zfs", "v4l2loopback"}
	for _, c := range []struct {
		name    string
		kernels []string
		width   int
		want    string
	}{
		{"no terminal", four, 0, `
MODULE        6.12.115+deb13-amd64  6.12.117+deb13-amd64  6.12.118+deb13-amd64  6.12.118+deb13-cloud-amd64
zfs           built                 built                 built                 built
v4l2loopback  built                 built                 built                 excluded
`}, {"all fits", two, 46, `
MODULE        6.1.0-55-amd64  6.1.0-56-amd64
zfs           built           built
v4l2loopback  built           failed
`}, {"shortened", two, 40, `
MODULE        6.1.0-55…  6.1.0-56…
zfs           built      built
v4l2loopback  built      failed
`}, {"turned", four, 50, `
KERNEL                      zfs    v4l2loopback
6.12.115+deb13-amd64        built  built
6.12.117+deb13-amd64        built  built
6.12.118+deb13-amd64        built  built
6.12.118+deb13-cloud-amd64  built  excluded
`}, {"in words", four, 40, `
MODULE        KERNELS
zfs           4 kernels built
v4l2loopback  3 kernels built; excluded:
              6.12.118+deb13-cloud-amd64
`}} {
		if got := newGrid(cells(modules, c.kernels, failed)).text(c.width); got != c.want[1:] {
			t.Errorf("%s:\n%s", c.name, got)
		}
	}
}

// TestGridOfMany: 60 modules and eight kernels are two tables on 80 columns, and sixty lines of words on 40. Nothing is wider than
// the terminal that all others fit on.
func TestGridOfMany(t *testing.T) {
	var modules, kernels []string
	for i := range 60 {
		modules = append(modules, fmt.Sprintf("module%d", i))
	}
	for i := range 8 {
		kernels = append(kernels, fmt.Sprintf("6.1.0-%d-amd64", 50+i))
	}
	g := newGrid(cells(modules, kernels, nil))
	if text := g.text(80); strings.Count(text, "MODULE") != 2 || strings.Count(text, "module59 ") != 2 || !strings.Contains(text, "6.1.0-54…  6.1.0-55…") {
		t.Errorf("on 80 columns:\n%s", text)
	}
	if text := g.text(40); strings.Count(text, "\n") != 61 || !strings.Contains(text, "module59  8 kernels built\n") {
		t.Errorf("on 40 columns:\n%s", text)
	}
	for width := 30; width < 120; width++ {
		for line := range strings.Lines(g.text(width)) {
			if visible.Width(strings.TrimSuffix(line, "\n")) > width {
				t.Errorf("%q is wider than %d", line, width)
			}
		}
	}
}

func TestShortened(t *testing.T) {
	for kernels, want := range map[string]string{
		"6.1.0-56-amd64":                      "6.1.0-56-amd64",
		"6.1.0-55-amd64 6.1.0-56-amd64":       "6.1.0-55… 6.1.0-56…",
		"6.1.0-56-amd64 6.1.0-56-cloud-amd64": "6.1.0-56… 6.1.0-56-cloud…",
		"6.1.0-56-rt-amd64 6.12.1-rt-amd64":   "6.1.0-56… 6.12.1…",
		"6.1.0-56-amd64 6.1.0-56-arm64":       "6.1.0-56-amd64 6.1.0-56-arm64",
		"amd64 6.1.0-56-amd64":                "amd64 6.1.0-56-amd64",
		"-amd64 6.1.0-56-amd64":               "-amd64 6.1.0-56-amd64",
		"6.1 6.2":                             "6.1 6.2",
	} {
		if got := strings.Join(shortened(strings.Fields(kernels)), " "); got != want {
			t.Errorf("shortened(%s) = %s, want %s", kernels, got, want)
		}
	}
}
