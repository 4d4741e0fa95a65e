package main

import (
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"mago/debpkg/visible"
)

// screen prints a run: a line per phase, and on a terminal a live line below while a phase lasts.
type screen struct {
	out   *stream
	quiet bool
	live  bool

	active *phase // the innermost that lasts
}

func newScreen(out *stream, o options) *screen {
	return &screen{out: out, quiet: o.Quiet, live: out.terminal != nil && !o.TextMode && !o.Quiet && !o.Verbose}
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
	drawn  *liveLine

	outer *phase // the one in whose course this one begins; its live line gives way meanwhile
	ended bool
}

// phase begins a step; doing is what the live line says until update says more.
func (s *screen) phase(name, doing string) *phase {
	p := &phase{screen: s, name: name, begun: time.Now(), outer: s.active}
	p.update(doing)
	if p.outer != nil {
		p.outer.hide()
	}
	s.active = p
	p.show()
	return p
}

func (p *phase) show() {
	if p.screen.live {
		p.drawn = newLiveLine(p.screen.out.terminal, p.doing)
	}
}

func (p *phase) hide() {
	if p.drawn != nil {
		p.drawn.end()
		p.drawn = nil
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

// above is where to write lines to a terminal while there may be a live line, which would cover them.
func (s *screen) above(out io.Writer) io.Writer {
	if s.active != nil && s.active.drawn != nil {
		return s.active.drawn
	}
	return out
}

// end takes the live line away.
func (p *phase) end() {
	if p.ended {
		return
	}
	p.ended = true
	p.hide()
	p.screen.active = p.outer
	if p.outer != nil {
		p.outer.show()
	}
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

// usualColumns is how wide lines are that no terminal shows, and maxColumns how wide a terminal's get.
const (
	usualColumns = 80
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
