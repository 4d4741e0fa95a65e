package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"mago/cmd/mago/internal/engine"
	"mago/debpkg/visible"
	"mago/kbuild/recipe"
)

// summary is what render keeps of a matrix until its end.
type summary struct {
	told map[string]bool // notes, without their kernels
	next []*nextStep
}

// nextStep is what there is to do for several units.
type nextStep struct {
	label, command string
	modules        []string // to load, where that is how the command ends
}

// advise takes down advice. What is the same but for the module to load becomes one command.
func (s *summary) advise(e engine.Event) {
	const modprobe = "modprobe "
	a := &nextStep{label: e.Phase, command: e.Text}
	if at := strings.LastIndex(e.Text, modprobe); at >= 0 && !strings.Contains(e.Text[at+len(modprobe):], " ") {
		a.command, a.modules = e.Text[:at+len(modprobe)], []string{e.Text[at+len(modprobe):]}
	}
	for _, had := range s.next {
		if had.label == a.label && had.command == a.command && (had.modules == nil) == (a.modules == nil) {
			had.modules = append(had.modules, a.modules...)
			return
		}
	}
	s.next = append(s.next, a)
}

func (a *nextStep) String() string {
	modules := slices.Compact(slices.Sorted(slices.Values(a.modules)))
	if len(modules) > 1 {
		modules = append([]string{"-a"}, modules...)
	}
	return a.label + ": " + a.command + strings.Join(modules, " ")
}

// inMatrix shows an event of a run of several units: what a unit comes to is one line, what it is at moves a live one, and what is
// told of a module is told for its first kernel only.
func (r *render) inMatrix(e engine.Event) {
	m := r.screen.matrix
	switch {
	case e.Kind == engine.Whole && e.Done == e.Units:
		r.screen.aside(func() { m.progress(e) })
	case e.Kind == engine.Whole:
		m.progress(e)
	case e.Kind == engine.Finished:
		m.ended(*e.Unit)
		r.finished(e)
	case e.Kind == engine.Failed, e.Kind == engine.Warning: // has been told
	case e.Kind == engine.Advice:
		r.matrix.advise(e)
	case e.Kind == engine.Note:
		r.noteOnce(e)
	case e.Unit == nil, e.Phase == "try": // of no unit of the run
		r.line(e)
	default:
		m.step(e)
		if e.Kind == engine.Begin && e.Phase == "wait" && !r.screen.live {
			r.screen.figured(e.Phase, e.Text, "")
		}
		if e.Kind == engine.End && e.Text != "" && (r.screen.verbose || e.Phase == "install") {
			r.screen.figured(e.Phase, unitName(*e.Unit)+": "+strings.TrimPrefix(e.Text, e.Unit.Kernel+": "), figure(e))
		}
	}
}

// beginMatrix has the screen show a matrix from now on.
func (r *render) beginMatrix(e engine.Event) {
	m := &matrix{}
	m.progress(e)
	r.matrix = summary{told: map[string]bool{}}
	r.screen.aside(func() { r.screen.matrix = m })
}

// finished tells what a unit has come to; those that were there are counted in the end.
func (r *render) finished(e engine.Event) {
	switch text := unitName(*e.Unit); {
	case (e.State == engine.ResultThere || e.State == engine.ResultInstalled) && e.Err == nil || e.State == engine.ResultUntried:
	case e.Err != nil:
		line := fmt.Sprintf("%-8s %s: %s", e.State, text, inBrief(e.Err, *e.Unit))
		if width := r.screen.out.columns(); width > 0 {
			line = visible.Cut(visible.Line(line), min(width, maxColumns))
		}
		r.screen.paste(line)
	default:
		r.screen.figured(e.State, text, figure(e))
	}
}

// reason is an error without the unit that it is of.
func reason(err error, unit engine.UnitID) string {
	text, name := engine.OneLine(err), unit.Module+" for "+unit.Kernel
	return strings.TrimPrefix(strings.TrimPrefix(text, "build "+name+": "), name+" ")
}

// inBrief is of a failure what a line has room for.
func inBrief(err error, unit engine.UnitID) string {
	var compile *recipe.CompileError
	var excluded *recipe.NotMeantError
	switch {
	case errors.As(err, &compile) && compile.Message != "":
		return compile.Message
	case errors.As(err, &excluded):
		return excluded.Reason
	}
	return reason(err, unit)
}

func unitName(unit engine.UnitID) string { return unit.Module + " " + unit.Kernel }

// noteOnce prints a note that it has not printed yet for another kernel. A unit's packages are in the table.
func (r *render) noteOnce(e engine.Event) {
	if r.screen.verbose || e.Unit == nil {
		r.line(e)
		return
	}
	text := named(e)
	key := e.Phase + " " + strings.ReplaceAll(text, e.Unit.Kernel, "KERNEL")
	if e.State == engine.ResultThere || e.Phase == "package" || e.Phase == "copy" || r.matrix.told[key] {
		return
	}
	r.matrix.told[key] = true
	r.screen.figured(e.Phase, text, figure(e))
}

// named is an event's text with the module that it is of.
func named(e engine.Event) string {
	if strings.Contains(e.Text, e.Unit.Module) {
		return e.Text
	}
	return e.Unit.Module + ": " + e.Text
}
