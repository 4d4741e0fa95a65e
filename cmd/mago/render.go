package main

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"mago/cmd/mago/internal/engine"
	"mago/debpkg/visible"
)

// render turns the events of a run into lines and the live line, or into JSON.
type render struct {
	screen *screen
	stderr io.Writer
	json   bool // one object a line, for --json
	lock   sync.Mutex
	steps  map[int64]*phase
	matrix summary // where the screen has one
}

func newRender(s *screen, stderr io.Writer) *render {
	return &render{screen: s, stderr: stderr, steps: map[int64]*phase{}}
}

// event shows an event. It may be called by several goroutines.
func (r *render) event(e engine.Event) {
	r.lock.Lock()
	defer r.lock.Unlock()
	switch {
	case e.Kind == engine.Failed && r.screen.matrix == nil: // else its cause is below the table
		r.screen.aside(func() { tell(r.stderr, e.Err) })
	case e.Kind == engine.Warning:
		r.screen.aside(func() { complain(r.stderr, "mago: "+visible.Line(e.Text)) })
	}
	switch {
	case r.json:
		r.object(e)
	case r.screen.matrix != nil:
		r.inMatrix(e)
	case e.Kind == engine.Whole:
		r.beginMatrix(e)
	default:
		r.line(e)
	}
}

// object prints an event as JSON.
func (r *render) object(e engine.Event) {
	if text, err := json.Marshal(e); err == nil {
		fmt.Fprintf(r.screen.out, "%s\n", visible.JSON(text))
	}
}

func (r *render) line(e engine.Event) {
	p := r.steps[e.Step]
	switch e.Kind {
	case engine.Note:
		r.screen.figured(e.Phase, e.Text, figure(e))
	case engine.Advice:
		r.screen.paste(e.Phase + ": " + e.Text)
	case engine.Begin:
		r.begin(e)
	case engine.Progress:
		switch {
		case p == nil:
		case e.Stage != "":
			r.ofApt(p, e)
		default:
			p.update(e.Text)
		}
	case engine.End:
		if p == nil {
			return
		}
		p.end()
		delete(r.steps, e.Step)
		if e.Text != "" {
			r.screen.figured(p.name, e.Text, figure(e))
		}
	}
}

func (r *render) begin(e engine.Event) {
	r.steps[e.Step] = r.screen.phase(e.Phase, e.Text)
	if e.Phase == "wait" && !r.screen.live {
		r.screen.figured(e.Phase, e.Text, "")
	}
}

// ofApt shows how far apt is: on a terminal in the live line, else with a line for each stage.
func (r *render) ofApt(p *phase, e engine.Event) {
	switch {
	case r.screen.live:
		p.update(fmt.Sprintf("%2.0f %% %s", e.Percent, e.Text))
	case e.Stage != p.stage:
		r.screen.figured(p.name, e.Stage+" packages", "")
	}
	p.stage = e.Stage
}

// figure is what stands at the right edge.
func figure(e engine.Event) string {
	switch {
	case e.Seconds > 0:
		return fmt.Sprintf("%.1f s", e.Seconds)
	case e.Bytes != nil:
		return engine.Size(*e.Bytes)
	}
	return ""
}
