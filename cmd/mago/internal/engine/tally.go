package engine

import (
	"sync"
	"time"
)

// tally tells how far a run of several units is, and estimates from records how long the rest takes. A nil one tells nothing.
type tally struct {
	say   reporter
	units int
	width int // units that are built at once

	lock  sync.Mutex
	open  map[UnitID]*awaited // units that have not ended
	took  float64             // seconds of the builds that have ended here
	known float64             // what records had for these
}

// awaited is a unit that has not ended.
type awaited struct {
	seconds float64 // that its build takes as records tell, 0 where nothing is to be built
	known   bool
	begun   time.Time // zero before it has
}

// newTally tells that none of the units has ended.
func newTally(e *Engine, units []Unit, width int) *tally {
	if len(units) < 2 || e.DryRun {
		return nil
	}
	t := &tally{say: e.say, units: len(units), width: max(1, width), open: map[UnitID]*awaited{}}
	for _, u := range units {
		w := &awaited{known: true}
		if !u.There && u.Err == nil && u.Due.Build {
			before, ok := e.lastBuild(u.id())
			w.seconds, w.known = before.Seconds, ok
		}
		t.open[u.id()] = w
	}
	t.tell(time.Now())
	return t
}

func (t *tally) begun(id UnitID) {
	if t == nil {
		return
	}
	t.lock.Lock()
	defer t.lock.Unlock()
	t.open[id].begun = time.Now()
}

// finished tells what has come of a unit, and how far the run is now.
func (t *tally) finished(r UnitResult) {
	if t == nil {
		return
	}
	t.lock.Lock()
	defer t.lock.Unlock()
	if w := t.open[r.Unit]; w != nil && r.State == ResultBuilt && w.known {
		t.took, t.known = t.took+r.Seconds, t.known+w.seconds
	}
	delete(t.open, r.Unit)
	e := r.Event()
	e.Kind = Finished
	t.say.of(r.Unit).event(e)
	t.tell(time.Now())
}

func (t *tally) tell(now time.Time) {
	t.say.whole(t.units-len(t.open), t.units, t.left(now))
}

// left is how many seconds the open units take: what their records have, as far as this run is faster or slower than those. It is
// 0 where a unit has no record.
func (t *tally) left(now time.Time) float64 {
	pace := 1.0
	if t.known > 0 {
		pace = t.took / t.known
	}
	sum, longest := 0.0, 0.0
	for _, w := range t.open {
		if !w.known {
			return 0
		}
		rest := w.seconds * pace
		if !w.begun.IsZero() {
			rest = max(0, rest-now.Sub(w.begun).Seconds())
		}
		sum, longest = sum+rest, max(longest, rest)
	}
	return max(longest, sum/float64(t.width))
}
