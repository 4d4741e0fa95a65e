package engine

import (
	"fmt"
	"sync/atomic"
	"time"

	"mago/cmd/mago/internal/store"
	"mago/debpkg/apt"
)

// Kind says what an event is about.
type Kind string

// The kinds of events.
const (
	Note     Kind = "note"     // something that is worth a line
	Advice   Kind = "advice"   // Text is a command line, to be pasted whole
	Begin    Kind = "begin"    // a step begins
	Progress Kind = "progress" // a step goes on
	End      Kind = "end"      // a step ends; without a Text it has nothing to show for it
	Failed   Kind = "failed"   // Err ended a unit, and the run goes on
	Warning  Kind = "warning"  // something that the user has to know also where only results are read
	Whole    Kind = "run"      // how far the whole run is: Done of Units have ended
	Finished Kind = "finished" // a unit has come to State, with Err where it has failed, and the run goes on
	Result   Kind = "result"   // what has become of a unit: one event for each at the end of the run
)

// Event is what a run tells while it goes on. Its JSON form, one object a line, is part of mago's interface.
type Event struct {
	Kind    Kind    `json:"event"`
	Unit    *UnitID `json:"unit,omitempty"` // nil for what concerns no single unit
	Phase   string  `json:"phase,omitempty"`
	Text    string  `json:"text,omitempty"`
	Step    int64   `json:"step,omitempty"`     // the same in the events of one step
	Seconds float64 `json:"seconds,omitempty"`  // that the step took
	Bytes   *int64  `json:"bytes,omitempty"`    // of what Text names
	Percent float64 `json:"percent,omitempty"`  // of what apt does
	Stage   string  `json:"stage,omitempty"`    // of apt: fetching, installing
	Files   int     `json:"files,omitempty"`    // that a build has compiled so far
	OfFiles int     `json:"of_files,omitempty"` // that the unit's last build compiled, or another kernel's; 0 is unknown
	State   string  `json:"state,omitempty"`    // what has become of a unit: see UnitResult
	Deb     string  `json:"deb,omitempty"`      // path of a unit's package
	Done    int     `json:"done,omitempty"`     // units that have ended
	Units   int     `json:"units,omitempty"`    // that the run has
	Left    float64 `json:"left,omitempty"`     // seconds until all have ended, as records tell; 0 is unknown
	Newer   string  `json:"newer,omitempty"`    // of check: NAME=VERSION of a newer source that builds where this one does not
	Err     error   `json:"-"`
}

// UnitID names one module for one kernel.
type UnitID = store.ID

// reporter sends the events of a run, or of one unit's part of it.
type reporter struct {
	send  func(Event)
	unit  *UnitID
	steps *atomic.Int64 // the last step's number
	open  *atomic.Int32 // steps that have begun and not ended
}

func newReporter(send func(Event)) reporter {
	return reporter{send: send, steps: new(atomic.Int64), open: new(atomic.Int32)}
}

// of is the reporter of one unit's events.
func (r reporter) of(id UnitID) reporter {
	r.unit = &id
	return r
}

func (r reporter) event(e Event) {
	e.Unit = r.unit
	r.send(e)
}

// note tells something in one line.
func (r reporter) note(phase, format string, args ...any) {
	r.event(Event{Kind: Note, Phase: phase, Text: fmt.Sprintf(format, args...)})
}

// there tells of a unit for which there is nothing to do.
func (r reporter) there(phase, format string, args ...any) {
	r.event(Event{Kind: Note, Phase: phase, Text: fmt.Sprintf(format, args...), State: ResultThere})
}

// sized tells of something of so many bytes.
func (r reporter) sized(phase, text string, bytes int64) {
	r.event(Event{Kind: Note, Phase: phase, Text: text, Bytes: &bytes})
}

// advise gives a command line to paste.
func (r reporter) advise(label, command string) {
	r.event(Event{Kind: Advice, Phase: label, Text: command})
}

func (r reporter) warn(text string) { r.event(Event{Kind: Warning, Text: text}) }

// failed tells of an error after which the run goes on.
func (r reporter) failed(err error) { r.event(Event{Kind: Failed, Text: err.Error(), Err: err}) }

// whole tells how far a run of several units is.
func (r reporter) whole(done, units int, left float64) {
	r.event(Event{Kind: Whole, Done: done, Units: units, Left: left})
}

// Event is the one of kind Result that tells a result.
func (r UnitResult) Event() Event {
	e := Event{Kind: Result, Unit: &r.Unit, State: r.State, Seconds: r.Seconds, Deb: r.Deb, Err: r.Err}
	if r.Err != nil {
		e.Text = r.Err.Error()
	}
	return e
}

// step is a part of a run that takes a while.
type step struct {
	reporter
	id    int64
	phase string
	begun time.Time
	ended bool
}

// begin begins a step; doing says what is done until update says more.
func (r reporter) begin(phase, doing string) *step {
	s := &step{reporter: r, id: r.steps.Add(1), phase: phase, begun: time.Now()}
	r.open.Add(1)
	s.event(Event{Kind: Begin, Phase: phase, Text: doing, Step: s.id})
	return s
}

func (s *step) update(doing string) {
	s.event(Event{Kind: Progress, Phase: s.phase, Text: doing, Step: s.id})
}

// compiled shows how far a build is.
func (s *step) compiled(doing string, files, of int) {
	s.event(Event{Kind: Progress, Phase: s.phase, Text: doing, Step: s.id, Files: files, OfFiles: of})
}

// ofApt shows how far apt is.
func (s *step) ofApt(p apt.Progress) {
	s.event(Event{Kind: Progress, Phase: "apt", Text: p.Doing, Step: s.id, Percent: p.Percent, Stage: string(p.Stage)})
}

// end ends a step that has not ended yet.
func (s *step) end() { s.endWith(Event{}) }

// done ends a step with what has come of it, and how many bytes that has.
func (s *step) done(text string, bytes int64) { s.endWith(Event{Text: text, Bytes: &bytes}) }

// timed ends a step with what has come of it, and how long that took.
func (s *step) timed(text string) {
	s.endWith(Event{Text: text, Seconds: time.Since(s.begun).Seconds()})
}

func (s *step) endWith(e Event) {
	if s.ended {
		return
	}
	s.ended = true
	s.open.Add(-1)
	e.Kind, e.Phase, e.Step = End, s.phase, s.id
	s.event(e)
}
