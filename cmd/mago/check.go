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
	Modules []string `arg:"" optional:"" name:"module" help:"Names, all, alli (installed; the default), allu (opened), directories or tarballs."`
}

// Run says whether modules build for kernels that are to come; its exit code is what kept one from being built.
func (c *checkCommand) Run(a *app, ctx context.Context) error {
	c.apply(a)
	found, err := engine.Check(ctx, a.Engine, c.Modules)
	a.conclude(nil, err)
	if err != nil || a.DryRun {
		return err
	}
	if found.Nothing != nil {
		a.tellNothing(found.Nothing.Error() + ": nothing to check")
		return nil
	}
	a.showChecked(found)
	if err := found.Err(); err != nil {
		code, _ := explain(a.ofSystem(err))
		return &statusError{code}
	}
	return nil
}

// tellNothing prints why nothing was checked; with --json as a note.
func (a *app) tellNothing(why string) {
	if a.render.json {
		a.render.object(engine.Event{Kind: engine.Note, Phase: "check", Text: why})
		return
	}
	a.screen.line(why)
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
	a.screen.line(checkSentence(found.Results))
	var results []engine.UnitResult
	for _, u := range found.Results {
		results = append(results, u.UnitResult)
	}
	a.screen.print(strings.TrimSuffix(newGrid(results).text(a.screen.out.columns()), "\n"))
	for _, u := range found.Results {
		switch {
		case u.Err == nil:
		case errors.As(u.Err, new(*engine.BuildError)):
			a.screen.line(unitName(u.Unit) + ": " + reason(u.Err, u.Unit) + newerNote(u))
		default: // this machine may lack something
			tell(a.stderr, a.ofSystem(u.Err))
		}
	}
	for _, command := range found.Takes(engine.SystemOf(a.Engine)) {
		a.screen.paste("next: " + command)
	}
}

// checkSentence says in a line what builds and what does not.
func checkSentence(units []engine.CheckedUnit) string {
	var all, bad, kernels []string
	for _, u := range units {
		all, kernels = append(all, u.Unit.Module), append(kernels, u.Unit.Kernel)
		if u.Err != nil {
			bad = append(bad, u.Unit.Module)
		}
	}
	all, bad = distinct(all), distinct(bad)
	text := " for " + engine.InWords(distinct(kernels), 2)
	switch {
	case len(bad) == 0 && len(all) == 1:
		return all[0] + " builds" + text
	case len(bad) == 0:
		return everyOne(len(all)) + " build" + text
	case len(all) == 1:
		return bad[0] + " does not build" + text
	}
	return fmt.Sprintf("%d of %d modules %s not build%s: %s", len(bad), len(all), verb(len(bad), "does", "do"), text, engine.InWords(bad, 8))
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
