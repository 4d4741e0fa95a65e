package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"mago/cmd/mago/internal/engine"
)

// do plans a request, carries it out and shows what has come of it.
func (a *app) do(ctx context.Context, request engine.Request) error {
	report, err := a.Do(ctx, request)
	a.conclude(report.Results, err)
	return err
}

// conclude ends what a run shows: with --json with an event for each unit, and after a matrix with the table, the causes of
// failures, and what there is to do next. The error that the run ends with is told later, and not here.
func (a *app) conclude(results []engine.UnitResult, ended error) {
	r := a.render
	r.lock.Lock()
	defer r.lock.Unlock()
	if r.json && !a.DryRun {
		for _, result := range results {
			r.object(result.Event())
		}
	}
	if r.screen.matrix == nil {
		return
	}
	r.screen.aside(func() { r.screen.matrix = nil })
	if len(results) > 0 {
		r.screen.print("\n" + strings.TrimSuffix(newGrid(results).text(r.screen.out.columns()), "\n"))
		r.screen.line(totals(results))
	}
	a.tellCausesOf(results, ended)
	for _, advice := range r.matrix.next {
		r.screen.paste(advice.String())
	}
}

// tellCausesOf says once what kept units from being built, but for the error that the run ends with. What several of them lack one
// command installs.
func (a *app) tellCausesOf(results []engine.UnitResult, ended error) {
	all := causes(results)
	lacking := slices.DeleteFunc(slices.Clone(all), func(c *cause) bool { return c.state != engine.ResultLacking })
	for _, c := range all {
		switch {
		case !errors.As(ended, new(*engine.SeveralError)) && errors.Is(ended, c.err):
			continue
		case len(lacking) > 1 && c.state == engine.ResultLacking:
			complain(a.stderr, "mago: "+engine.OneLine(c.err))
		default:
			tell(a.stderr, a.ofSystem(c.err))
		}
		if also := c.also(); also != "" {
			complain(a.stderr, "mago: the same for "+also)
		}
	}
	if len(lacking) > 1 {
		complain(a.stderr, fmt.Sprintf(`mago: hint: run "%s"`, engine.Lacking(results, engine.SystemOf(a.Engine))))
	}
}

// totals counts results, and says where the packages are.
func totals(results []engine.UnitResult) string {
	var states []string
	for _, r := range results {
		states = append(states, r.State)
	}
	return engine.Counted(states, "") + packagesIn(results)
}

func packagesIn(results []engine.UnitResult) string {
	i := slices.IndexFunc(results, func(r engine.UnitResult) bool { return r.Deb != "" })
	if i < 0 {
		return ""
	}
	return "; packages in " + filepath.Dir(results[i].Deb)
}

// cause is what kept units from being built: the first's error, and what is said of all of them.
type cause struct {
	err   error
	state string // the first's
	text  string
	units []engine.UnitID
}

// causes are the errors of units that failed, were excluded, or lack what building them takes. What is the same but for the unit is
// one cause.
func causes(results []engine.UnitResult) []*cause {
	told := []string{engine.ResultFailed, engine.ResultExcluded, engine.ResultLacking}
	results = slices.DeleteFunc(slices.Clone(results), func(r engine.UnitResult) bool { return !slices.Contains(told, r.State) })
	return causesIn(results, func(r engine.UnitResult) string { return reason(r.Err, r.Unit) })
}

// causesIn are the causes of all units that have an error, of which say says which it is.
func causesIn(results []engine.UnitResult, say func(engine.UnitResult) string) (all []*cause) {
	known := map[string]*cause{}
	for _, r := range results {
		if r.Err == nil {
			continue
		}
		text := say(r)
		key := strings.ReplaceAll(text, r.Unit.Kernel, "KERNEL")
		if c := known[key]; c != nil {
			c.units = append(c.units, r.Unit)
			continue
		}
		known[key] = &cause{r.Err, r.State, text, []engine.UnitID{r.Unit}}
		all = append(all, known[key])
	}
	return all
}

// also names the units beside the first, whose name the error has.
func (c *cause) also() string {
	first, others := c.units[0], c.units[1:]
	oneModule := !slices.ContainsFunc(others, func(u engine.UnitID) bool { return u.Module != first.Module })
	var names []string
	for _, u := range others {
		if oneModule {
			names = append(names, u.Kernel)
		} else {
			names = append(names, unitName(u))
		}
	}
	return engine.InWords(names, 8)
}
