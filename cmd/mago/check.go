package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"mago/cmd/mago/internal/engine"
)

type checkCommand struct {
	eventOption
	signOptions
	Modules []string `arg:"" optional:"" name:"module" help:"Names, all, alli (installed; the default), allu (opened), directories or tarballs."`
}

// Run says whether modules build for kernels that are to come; its exit code is what kept one from being built.
func (c *checkCommand) Run(a *app, ctx context.Context) error {
	c.apply(a)
	if err := c.take(a); err != nil {
		return err
	}
	if !a.Limited() && !engine.HasRunningHeaders(a.Engine) {
		a.Kernels = []string{"next"} // as check means anyway: what it advises is not to be for the running kernel
	}
	found, err := engine.Check(ctx, a.Engine, c.Modules)
	a.conclude(nil, err)
	if err != nil || a.DryRun {
		return err
	}
	if found.Nothing != nil {
		_, hint := explain(a.ofSystem(found.Nothing))
		a.tellNothing(found.Nothing.Error()+": nothing to check", hint)
		return nil
	}
	a.showChecked(found)
	if err := found.Err(); err != nil {
		code, _ := explain(a.ofSystem(err))
		return &statusError{code}
	}
	return nil
}

// tellNothing prints why nothing was checked, and what would bring something, if known; with --json the first as a note.
func (a *app) tellNothing(why, hint string) {
	if a.render.json {
		a.render.object(engine.Event{Kind: engine.Note, Phase: "check", Text: why})
		return
	}
	a.screen.line(why)
	if hint != "" {
		a.screen.line(hint)
	}
}

// showChecked prints a sentence about what was checked, a table, what kept modules from being built, and the commands that take
// newer versions; with --json an event for each unit.
func (a *app) showChecked(found engine.Checked) {
	if a.render.json {
		for _, u := range found.Results {
			a.render.object(u.Event())
		}
		return
	}
	for _, sentence := range checkSentences(found.Results) {
		a.screen.line(sentence)
	}
	results := found.UnitResults()
	a.screen.print(strings.TrimSuffix(newGrid(results).text(a.screen.out.columns()), "\n"))
	a.tellCauses(found)
	on := engine.SystemOf(a.Engine)
	if command := engine.Lacking(results, on); command != "" {
		a.screen.paste("next: " + command)
	}
	for _, command := range found.Takes(on) {
		a.screen.paste("next: " + command)
	}
}

// tellCauses says once what kept modules from being built, and which newer versions of their sources were tried.
func (a *app) tellCauses(found engine.Checked) {
	units := map[engine.UnitID]engine.CheckedUnit{}
	for _, u := range found.Results {
		units[u.Unit] = u
	}
	for _, c := range causesIn(found.UnitResults(), func(r engine.UnitResult) string { return reason(r.Err, r.Unit) + newerNote(units[r.Unit]) }) {
		if u := units[c.units[0]]; u.State != engine.ResultExcluded && u.State != engine.ResultLacking && !u.DoesNotBuild() { // this machine may lack something
			tell(a.stderr, a.ofSystem(c.err))
		} else {
			a.screen.line(unitName(u.Unit) + ": " + c.text)
		}
		if also := c.also(); also != "" {
			a.screen.line("the same for " + also)
		}
	}
}

// checkSentences say, in a line each, what does not build, what is not meant for its kernel, and what could not be tried; else that
// all build.
func checkSentences(units []engine.CheckedUnit) (sentences []string) {
	of := len(distinct(modulesOf(units)))
	for _, part := range []struct {
		one, many string
		has       func(engine.CheckedUnit) bool
	}{
		{"does not build", "do not build", engine.CheckedUnit.DoesNotBuild},
		{"is not meant", "are not meant", func(u engine.CheckedUnit) bool { return u.State == engine.ResultExcluded }},
		{"could not be tried", "could not be tried", func(u engine.CheckedUnit) bool {
			return u.Err != nil && !u.DoesNotBuild() && u.State != engine.ResultExcluded
		}},
	} {
		some := slices.DeleteFunc(slices.Clone(units), func(u engine.CheckedUnit) bool { return !part.has(u) })
		switch names := distinct(modulesOf(some)); {
		case len(names) == 0:
		case of == 1:
			sentences = append(sentences, names[0]+" "+part.one+kernelsOf(some))
		default:
			sentences = append(sentences, fmt.Sprintf("%d of %d modules %s%s: %s", len(names), of, verb(len(names), part.one, part.many), kernelsOf(some), engine.InWords(names, 8)))
		}
	}
	if len(sentences) == 0 {
		sentences = []string{verb(of, units[0].Unit.Module+" builds", everyOne(of)+" build") + kernelsOf(units)}
	}
	return sentences
}

func modulesOf(units []engine.CheckedUnit) (names []string) {
	for _, u := range units {
		names = append(names, u.Unit.Module)
	}
	return names
}

// kernelsOf says for which kernels units are.
func kernelsOf(units []engine.CheckedUnit) string {
	var kernels []string
	for _, u := range units {
		kernels = append(kernels, u.Unit.Kernel)
	}
	return " for " + engine.InWords(distinct(kernels), 2)
}

// distinct are words, each once, in their order.
func distinct(words []string) (once []string) {
	for _, word := range words {
		if !slices.Contains(once, word) {
			once = append(once, word)
		}
	}
	return once
}

// newerNote says which newer versions of a source that does not build were tried, and how that went.
func newerNote(u engine.CheckedUnit) (text string) {
	if !u.DoesNotBuild() {
		return ""
	}
	for _, t := range u.Tried {
		how := "builds"
		switch {
		case errors.As(t.Err, new(*engine.BuildError)):
			how = "does not build either"
		case t.Err != nil:
			how = "could not be tried: " + engine.OneLine(t.Err)
		}
		text += fmt.Sprintf("; %s %s", t, how)
	}
	if text == "" {
		text = "; apt has no newer version"
	}
	return text
}
