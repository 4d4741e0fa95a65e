package engine

import (
	"strings"
	"testing"

	"mago/kbuild/kernel"
)

// TestInstallsWhatItBuilt: what another process has made in place of what a run has built is not installed by that run.
func TestInstallsWhatItBuilt(t *testing.T) {
	m := newMadeMatrix(t, 1, 1)
	m.build(t, false)
	e := m.engine(t)
	p := &Plan{Units: []Unit{{unit: unit{target{name: "module0", version: "1.0-1"}, kernel.Kernel{Release: m.releases[0]}}}}}
	r := newRun(e, p)
	r.results[p.Units[0].id()] = UnitResult{State: ResultBuilt, sum: "01"}
	parcels := r.parcels()
	if len(parcels) != 1 {
		t.Fatalf("%d parcels", len(parcels))
	}
	parcels[0].check(t.Context())
	if err := parcels[0].err; parcels[0].debs != nil || err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("to be installed: %v, %v", parcels[0].debs, err)
	}
}
