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
		a.screen.line(found.Nothing.Error() + ": nothing to check")
		return nil
	}
	if !c.JSON {
		if err := a.printChecked(found); err != nil {
			return err
		}
	}
	if err := found.Err(); err != nil {
		code, _ := explain(a.ofSystem(err))
		return &statusError{code}
	}
	return nil
}

var checkColumns = []column{{title: "MODULE"}, {title: "KERNEL"}, {title: "RESULT"}, {title: "NOTE", below: true}}

// printChecked prints a sentence about what was checked, a table, and the commands that take newer versions.
func (a *app) printChecked(found engine.Checked) error {
	a.screen.line(checkSentence(found.Results))
	var table [][]string
	var takes []string
	for _, u := range found.Results {
		table = append(table, []string{u.Unit.Module, u.Unit.Kernel, checkedWord(u), checkedNote(u)})
		if command := u.Takes(engine.SystemOf(a.Engine)); command != "" && !slices.Contains(takes, command) {
			takes = append(takes, command)
		}
	}
	if err := writeColumns(a.screen.out, a.screen.out.columns(), checkColumns, table); err != nil {
		return err
	}
	for _, command := range takes {
		a.screen.paste("next: " + command)
	}
	return nil
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

// checkedWord is a unit's result in the table.
func checkedWord(u engine.CheckedUnit) string {
	switch u.State {
	case engine.ResultBuilt, engine.ResultThere, engine.ResultFits:
		return "builds"
	case engine.ResultExcluded:
		return "not meant"
	}
	return u.State
}

// checkedNote is what kept a unit from being built, and which newer version of its source can be.
func checkedNote(u engine.CheckedUnit) string {
	if u.Err == nil {
		return ""
	}
	err := u.Err
	if failed := (*engine.BuildError)(nil); errors.As(err, &failed) {
		err = failed.Err
	}
	parts := []string{engine.OneLine(err)}
	for _, t := range u.Tried {
		how := "builds"
		if t.Err != nil {
			how = "does not build either"
		}
		parts = append(parts, fmt.Sprintf("%s %s from %s %s", t.Package, t.Version, t.Suite, how))
	}
	if len(u.Tried) == 0 && errors.As(u.Err, new(*engine.BuildError)) {
		parts = append(parts, "apt has no newer version")
	}
	return strings.Join(parts, "; ")
}
