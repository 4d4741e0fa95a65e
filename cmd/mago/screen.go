package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"mago/debpkg/visible"
)

// screen prints a run: a line per phase, and on a terminal live lines below while something lasts: one of the phase that began
// last, or those of a matrix.
type screen struct {
	out     *stream
	quiet   bool
	live    bool
	verbose bool

	open   []*phase   // those that last
	matrix *matrix    // nil in a run of one unit
	drawn  *liveLines // nil where there are none
}

func newScreen(out *stream, o options) *screen {
	return &screen{out: out, quiet: o.Quiet, verbose: o.Verbose, live: out.terminal != nil && os.Getenv("TERM") != "dumb" && !o.TextMode && !o.Quiet && !o.Verbose}
}

// textIndent is where the text of a phase's line begins.
const textIndent = 9

// line prints one line, whatever foreign words are in it. A terminal gets it broken between words.
func (s *screen) line(text string) { s.print(s.out.wrapped(visible.Line(text), textIndent)) }

// paste prints a line that is there to be pasted whole.
func (s *screen) paste(text string) { s.print(visible.Line(text)) }

// print prints lines as they are, unless mago is to be quiet.
func (s *screen) print(lines string) {
	if !s.quiet {
		fmt.Fprintln(s.above(s.out), lines)
	}
}

// phase is one step of the road: a word, what it did, and how long that took.
type phase struct {
	screen *screen
	name   string
	begun  time.Time
	text   atomic.Pointer[string]
	stage  string // of apt, as a line has told it
}

// phase begins a step; doing is what the live line says until update says more.
func (s *screen) phase(name, doing string) *phase {
	p := &phase{screen: s, name: name, begun: time.Now()}
	p.update(doing)
	s.aside(func() { s.open = append(s.open, p) })
	return p
}

// aside does something while there are no live lines.
func (s *screen) aside(do func()) {
	if s.drawn != nil {
		s.drawn.end()
		s.drawn = nil
	}
	do()
	if !s.live {
		return
	}
	open, m := slices.Clone(s.open), s.matrix
	switch {
	case m != nil && !m.over():
		s.drawn = newLiveLines(s.out.shown, func() []string {
			width, height := s.out.size()
			return m.lines(width, height, open)
		})
	case len(open) > 0:
		s.drawn = newLiveLines(s.out.shown, func() []string { return []string{open[len(open)-1].doing()} })
	}
}

// update says what the live line shows.
func (p *phase) update(doing string) {
	doing = visible.Line(doing)
	p.text.Store(&doing)
}

// doing is the live line.
func (p *phase) doing() string {
	seconds := fmt.Sprintf("  %.0f s", time.Since(p.begun).Seconds())
	width := min(p.screen.out.columns(), maxColumns) - 1
	return visible.Cut(visible.Cut(fmt.Sprintf("%-8s %s", p.name, *p.text.Load()), width-len(seconds))+seconds, width)
}

// above is where to write lines to a terminal while there may be live lines, which would cover them.
func (s *screen) above(out io.Writer) io.Writer {
	if s.drawn != nil {
		return s.drawn
	}
	return out
}

// end takes the phase's live line away.
func (p *phase) end() {
	s := p.screen
	s.aside(func() { s.open = slices.DeleteFunc(s.open, func(o *phase) bool { return o == p }) })
}

// figured prints a line of a phase's kind.
func (s *screen) figured(name, text, figure string) {
	text = s.out.wrapped(fmt.Sprintf("%-8s %s", name, visible.Line(text)), textIndent)
	if width := s.out.columns(); width > 0 {
		s.print(withFigure(text, figure, min(width, maxColumns), true))
	} else {
		s.print(withFigure(text, figure, usualColumns, false))
	}
}

// usualColumns is how wide lines are that no terminal shows, and maxColumns how wide a terminal's get; usualLines is how high a
// terminal is that does not know.
const (
	usualColumns = 80
	usualLines   = 24
	maxColumns   = 100
)

// withFigure puts a figure at the right edge, beside the last line of a text; where there is no room, it stands two blanks
// behind that or, where lines may be broken, below.
func withFigure(text, figure string, width int, broken bool) string {
	if figure == "" {
		return text
	}
	last := visible.Width(text[strings.LastIndexByte(text, '\n')+1:])
	room := width - last - visible.Width(figure)
	if room < gap && broken {
		text, room = text+"\n", width-visible.Width(figure)
	}
	return text + strings.Repeat(" ", max(room, gap)) + figure
}
