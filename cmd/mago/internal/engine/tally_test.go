package engine

import (
	"math"
	"testing"
	"time"
)

// TestTally: the rest of a run takes as long as records tell and this run's pace makes of it; where a unit has no record, nobody
// knows.
func TestTally(t *testing.T) {
	now := time.Now()
	a, b, c := UnitID{Module: "a", Kernel: "6"}, UnitID{Module: "b", Kernel: "6"}, UnitID{Module: "c", Kernel: "6"}
	for name, test := range map[string]struct {
		tally *tally
		want  float64
	}{
		"one after the other":       {&tally{width: 1, open: map[UnitID]*awaited{a: {seconds: 10, known: true}, b: {seconds: 20, known: true}}}, 30},
		"two at once":               {&tally{width: 2, open: map[UnitID]*awaited{a: {seconds: 10, known: true}, b: {seconds: 20, known: true}, c: {seconds: 30, known: true}}}, 30},
		"the longest":               {&tally{width: 4, open: map[UnitID]*awaited{a: {seconds: 10, known: true}, b: {seconds: 50, known: true}}}, 50},
		"begun":                     {&tally{width: 1, open: map[UnitID]*awaited{a: {seconds: 10, known: true, begun: now.Add(-4 * time.Second)}}}, 6},
		"begun, and longer than it": {&tally{width: 1, open: map[UnitID]*awaited{a: {seconds: 10, known: true, begun: now.Add(-40 * time.Second)}}}, 0},
		"twice as slow":             {&tally{width: 1, took: 8, known: 4, open: map[UnitID]*awaited{a: {seconds: 10, known: true}}}, 20},
		"one without a record":      {&tally{width: 1, open: map[UnitID]*awaited{a: {seconds: 10, known: true}, b: {}}}, 0},
		"nothing to build":          {&tally{width: 1, open: map[UnitID]*awaited{a: {known: true}}}, 0},
	} {
		if got := test.tally.left(now); math.Abs(got-test.want) > 0.01 {
			t.Errorf("%s: %v s, want %v", name, got, test.want)
		}
	}
}

// TestTallyTells: how far the run is, at its begin and whenever a unit ends, behind what that has come to; a run of one unit, and a
// dry one, tell nothing.
func TestTallyTells(t *testing.T) {
	var events []Event
	e := newEngine(&base{known: new(known), Paths: Paths{Cache: t.TempDir()}, say: newReporter(func(e Event) { events = append(events, e) })})
	two := []Unit{{unit: unit{target: target{name: "a"}}, Due: Due{Build: true}}, {unit: unit{target: target{name: "b"}}, There: true}}
	tell := func(units []Unit) {
		tally := newTally(e, units, 1)
		for _, u := range units {
			tally.begun(u.id())
			tally.finished(UnitResult{Unit: u.id(), State: ResultBuilt, Seconds: 2})
		}
	}
	tell(two[:1])
	e.DryRun = true
	tell(two)
	if len(events) > 0 {
		t.Errorf("told %v", events)
	}
	e.DryRun = false
	tell(two)
	if len(events) != 5 {
		t.Fatalf("told %v", events)
	}
	for i, want := range []Event{{Kind: Whole, Units: 2}, {Kind: Finished, State: ResultBuilt}, {Kind: Whole, Done: 1, Units: 2}, {Kind: Finished, State: ResultBuilt}, {Kind: Whole, Done: 2, Units: 2}} {
		if got := events[i]; got.Kind != want.Kind || got.Done != want.Done || got.Units != want.Units || got.State != want.State || (got.Unit != nil) != (want.Kind == Finished) {
			t.Errorf("event %d is %+v", i, got)
		}
	}
}
