package main

import (
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"mago/debpkg/visible"
)

// screen prints a run: a line per phase, and on a terminal a live line below while a phase lasts.
type screen struct {
	out   *stream
	quiet bool
	live  bool
	width int

	active *phase // the innermost that lasts
}

func newScreen(out *stream, o options) *screen {
	s := &screen{out: out, quiet: o.Quiet, width: 80}
	if out.terminal == nil {
		return s
	}
	if width, _, err := term.GetSize(int(out.terminal.Fd())); err == nil && width > 40 {
		s.width = min(width, 100)
	}
	s.live = !o.TextMode && !o.Quiet && !o.Verbose
	return s
}

// line prints one line, whatever foreign words are in it, unless mago is to be quiet.
func (s *screen) line(text string) {
	if !s.quiet {
		fmt.Fprintln(s.out, visible.Line(text))
	}
}

// phase is one step of the road: a word, what it did, and how long that took.
type phase struct {
	screen *screen
	name   string
	begun  time.Time
	text   atomic.Pointer[string]
	bars   *mpb.Progress
	bar    *mpb.Bar

	outer *phase // the one in whose course this one begins; its live line gives way meanwhile
	ended bool
}

// phase begins a step; doing is what the live line says until update says more.
func (s *screen) phase(name, doing string) *phase {
	p := s.begin(name, doing)
	p.show()
	return p
}

// begin is phase without the live line, which show brings.
func (s *screen) begin(name, doing string) *phase {
	p := &phase{screen: s, name: name, begun: time.Now(), outer: s.active}
	p.update(doing)
	if p.outer != nil {
		p.outer.hide()
	}
	s.active = p
	return p
}

func (p *phase) show() {
	if p.screen.live {
		p.bars = mpb.New(mpb.WithOutput(p.screen.out.terminal), mpb.WithRefreshRate(100*time.Millisecond))
		p.bar = p.bars.MustAdd(0, mpb.NopStyle().Build(), mpb.PrependDecorators(decor.Any(p.liveLine)), mpb.BarRemoveOnComplete())
	}
}

func (p *phase) hide() {
	if p.bars != nil {
		p.bar.Abort(true)
		p.bars.Wait()
		p.bars = nil
	}
}

// update says what the live line shows.
func (p *phase) update(doing string) {
	doing = visible.Line(doing)
	p.text.Store(&doing)
}

func (p *phase) liveLine(decor.Statistics) string {
	seconds := fmt.Sprintf("  %.0f s", time.Since(p.begun).Seconds())
	return visible.Cut(fmt.Sprintf("%-8s %s", p.name, *p.text.Load()), p.screen.width-1-len(seconds)) + seconds
}

// above is where to write lines to a terminal while there may be a live line, which would cover them.
func (s *screen) above(out io.Writer) io.Writer {
	if s.active != nil && s.active.bars != nil {
		return s.active.bars
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

// done ends a phase with a line; figure stands at the right edge.
func (p *phase) done(text, figure string) {
	p.end()
	p.screen.line(columns(p.name, visible.Line(text), figure, p.screen.width))
}

// timed ends a phase with a line and the time it took.
func (p *phase) timed(text string) {
	p.done(text, fmt.Sprintf("%.1f s", time.Since(p.begun).Seconds()))
}

func columns(name, text, figure string, width int) string {
	left := fmt.Sprintf("%-8s %s", name, text)
	if figure == "" {
		return left
	}
	gap := max(width-visible.Width(left)-visible.Width(figure), 2)
	return left + strings.Repeat(" ", gap) + figure
}

// size writes bytes as people read them, in powers of ten as apt does.
func size(bytes int64) string {
	switch {
	case bytes < 1000:
		return fmt.Sprintf("%d B", bytes)
	case bytes < 1000_000:
		return fmt.Sprintf("%.0f kB", float64(bytes)/1e3)
	case bytes < 1000_000_000:
		return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(bytes)/1e9)
}

// ago writes the age of something coarsely.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%.0f min old", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f h old", d.Hours())
	}
	return fmt.Sprintf("%.0f days old", d.Hours()/24)
}
