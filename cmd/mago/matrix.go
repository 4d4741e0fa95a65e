package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"mago/cmd/mago/internal/engine"
	"mago/debpkg/visible"
)

// matrix is a run of several units: those that are at work, and how far the whole is. On a terminal it is the live lines.
// mpb's bars are not: it leaves the cursor below them and goes up by as many lines as it drew, which is wrong once the terminal
// has broken these anew for another width, and passes foreign text on as it is.
type matrix struct {
	lock        sync.Mutex
	working     []*working // in the order in which they began
	done, units int
	left        float64 // seconds, as they were at told; 0 is unknown
	told        time.Time
}

// working is a unit at work.
type working struct {
	unit      engine.UnitID
	doing     string // of the step at hand
	files, of int    // that it has compiled, and of how many; 0 is unknown
	begun     time.Time
}

// doings are what live lines call the steps of units.
var doings = map[string]string{"build": "building", "package": "packaging", "install": "installing", "apt": "asking apt", "wait": "waiting", "source": "opening"}

// over reports whether all units have ended.
func (m *matrix) over() bool {
	m.lock.Lock()
	defer m.lock.Unlock()
	return m.done == m.units
}

// progress takes down how far the whole is.
func (m *matrix) progress(e engine.Event) {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.done, m.units, m.left, m.told = e.Done, e.Units, e.Left, time.Now()
}

// step takes down what a unit is at.
func (m *matrix) step(e engine.Event) {
	m.lock.Lock()
	defer m.lock.Unlock()
	i := slices.IndexFunc(m.working, func(w *working) bool { return w.unit == *e.Unit })
	if i < 0 && e.Kind == engine.Begin {
		i, m.working = len(m.working), append(m.working, &working{unit: *e.Unit, begun: time.Now()})
	}
	if i < 0 || e.Kind == engine.End {
		return
	}
	w := m.working[i]
	w.doing, w.files, w.of = doings[e.Phase], e.Files, e.OfFiles
}

// ended takes a unit's line away.
func (m *matrix) ended(unit engine.UnitID) {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.working = slices.DeleteFunc(m.working, func(w *working) bool { return w.unit == unit })
}

// lines are the live lines as a terminal of that size has room for them: of open steps that concern no single unit, of units at
// work, and of the whole.
func (m *matrix) lines(width, height int, open []*phase) []string {
	m.lock.Lock()
	defer m.lock.Unlock()
	width = max(min(width, maxColumns)-1, 1)
	var lines []string
	for _, p := range open {
		lines = append(lines, p.doing())
	}
	lines = append(lines, workingLines(m.working, width)...)
	if room := max(height-2, 0); len(lines) > room {
		shown := max(room-1, 0)
		lines = append(lines[:shown], fmt.Sprintf("and %d more", len(lines)-shown))[:room]
	}
	lines = append(lines, m.whole())
	for i := range lines {
		lines[i] = visible.Cut(lines[i], width)
	}
	return lines
}

// workingLines has what units are at in a column of its own; how long, and the names, give way where there is no room.
func workingLines(all []*working, width int) (lines []string) {
	for _, form := range []func(*working) (doing, seconds string){
		func(w *working) (string, string) { return w.doingNow(), since(w.begun) },
		func(w *working) (string, string) { return w.doingNow(), "" },
		func(w *working) (string, string) { return w.brief(), "" },
	} {
		names, did, seconds := 0, 0, 0
		for _, w := range all {
			doing, took := form(w)
			names, did, seconds = max(names, visible.Width(w.name())), max(did, visible.Width(doing)), max(seconds, visible.Width(took))
		}
		names = min(names, width-gap-did)
		lines = nil
		fits := true
		for _, w := range all {
			doing, took := form(w)
			fits = fits && visible.Width(w.name()) <= names && names+gap+did+seconds <= width
			line := visible.Pad(cutMiddle(w.name(), max(names, 1)), names+gap) + visible.Pad(doing, did) + fmt.Sprintf("%*s", seconds, took)
			lines = append(lines, strings.TrimRight(line, " "))
		}
		if fits {
			return lines
		}
	}
	return lines
}

func (w *working) name() string { return visible.Line(w.unit.Module + " " + w.unit.Kernel) }

func (w *working) doingNow() string {
	switch {
	case w.files > 0 && w.files <= w.of:
		return fmt.Sprintf("%d of %s", w.files, engine.Plural(w.of, "file"))
	case w.files > 0:
		return engine.Plural(w.files, "file")
	}
	return w.doing
}

func (w *working) brief() string {
	if w.files > 0 && w.files <= w.of {
		return fmt.Sprintf("%d/%d", w.files, w.of)
	}
	return w.doingNow()
}

func since(begun time.Time) string { return fmt.Sprintf("  %.0f s", time.Since(begun).Seconds()) }

// whole is the line of the whole run.
func (m *matrix) whole() string {
	line := fmt.Sprintf("%d of %d", m.done, m.units)
	if len(m.working) > 0 {
		line += fmt.Sprintf(", %d running", len(m.working))
	}
	if m.left > 0 {
		line += ", " + timeLeft(m.left-time.Since(m.told).Seconds())
	}
	return line
}

// timeLeft is as coarse as an estimate is.
func timeLeft(seconds float64) string {
	switch minutes := int(math.Round(seconds / 60)); {
	case seconds < -10:
		return "longer than estimated"
	case seconds < 10:
		return "a few seconds left"
	case seconds < 55:
		return fmt.Sprintf("about %.0f s left", math.Ceil(seconds/10)*10)
	case minutes < 60:
		return fmt.Sprintf("about %d min left", minutes)
	default:
		return fmt.Sprintf("about %d h %d min left", minutes/60, minutes%60)
	}
}
