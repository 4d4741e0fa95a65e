package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"mago/debpkg"
)

type statusCommand struct {
	Modules []string `arg:"" optional:"" name:"module" help:"Names, alli; every module by default."`
	jsonOption
}

// Run shows kernels against modules; the exit code tells scripts the worst of it.
func (c *statusCommand) Run(a *app, ctx context.Context) error {
	c.apply(a)
	if _, err := a.catalog.catalog(ctx); err != nil {
		a.screen.line(fmt.Sprintf("%-8s %v; newer sources go unnoticed", "catalog", err))
	}
	states, err := a.states.states()
	if err != nil {
		return err
	}
	chosen, err := a.kernels.chosen(ctx)
	if err != nil {
		return err
	}
	names, err := a.statusNames(ctx, c.Modules, states)
	if err != nil {
		return err
	}
	machine := len(kernelsOf(having(states, isWanted)))
	states = slices.DeleteFunc(states, func(s state) bool {
		return !chosen(s.Kernel) || names != nil && !slices.Contains(names, s.Module)
	})
	if len(states) == 0 {
		if err := a.checkChosen(chosen); err != nil {
			return err
		}
	}
	a.checkHeaders(ctx, states)
	steps := a.states.steps()
	for i := range states {
		states[i].Next = strings.Join(steps.of(states[i:i+1]), " && ")
	}
	if c.JSON {
		err = a.printStatesJSON(ctx, states)
	} else {
		err = a.printStates(ctx, states, names, machine)
	}
	if err != nil {
		return err
	}
	return worst(states)
}

// statusNames are the modules that status is asked for, nil for all of them. What is built or installed is known by its
// name, whether or not a list names it.
func (a *app) statusNames(ctx context.Context, words []string, states []state) (names []string, err error) {
	for _, word := range moduleWords(words) {
		if slices.ContainsFunc(states, func(s state) bool { return s.Module == word }) {
			names = append(names, word)
			continue
		}
		some, err := a.cleaner.moduleNames(ctx, []string{word})
		if err != nil {
			return nil, err
		}
		names = append(names, some...)
	}
	return names, nil
}

// checkHeaders finds kernels for which nothing can be built, since their headers are neither here nor in apt.
func (a *app) checkHeaders(ctx context.Context, states []state) {
	var inApt []string
	for i, s := range states {
		if s.State != stateMissing && s.State != stateStale {
			continue
		}
		if _, err := a.kernels.kernel(s.Kernel); err == nil {
			continue
		}
		if inApt == nil {
			known, err := a.apt.releasesInApt(ctx)
			if err != nil {
				return
			}
			inApt = append(known, "")
		}
		if !slices.Contains(inApt, s.Kernel) {
			states[i].word, states[i].Reason = "", "no headers for this kernel, here or in apt"
		}
	}
}

func (a *app) printStatesJSON(ctx context.Context, states []state) error {
	if room, err := a.confs.buildRoom(ctx); err == nil {
		for i := range states {
			states[i].Room = room.String()
		}
	}
	return a.printJSON(append([]state{}, states...))
}

// checkChosen refuses a choice of kernels that fits none on the machine: to scripts that would look as if all were well.
func (a *app) checkChosen(chosen func(release string) bool) error {
	s, err := a.states.survey()
	if err != nil {
		return err
	}
	if a.kernels.limited() && !slices.ContainsFunc(s.kernels(), chosen) {
		words := append(lists(a.KversList...), a.kernels.kernelDirs()...)
		if slices.Equal(words, []string{"running"}) {
			return &noKernelError{word: a.kernels.running(), running: true, here: true}
		}
		return &noKernelError{word: strings.Join(words, ", "), here: true}
	}
	return nil
}

// worst is the exit code: only what is wanted here counts.
func worst(states []state) error {
	code := exitDone
	for _, s := range states {
		switch {
		case s.State == stateFailed && s.Wanted:
			code = exitFailed
		case s.State == stateStale, s.State == stateMissing:
			code = max(code, exitIncomplete)
		}
	}
	if code == exitDone {
		return nil
	}
	return &statusError{code}
}

// printStates prints a sentence about the states, the table, and what to type.
func (a *app) printStates(ctx context.Context, states []state, names []string, machine int) error {
	switch {
	case len(states) == 0 && names != nil:
		a.screen.line("neither built nor installed here: " + inWords(names, 3))
	case len(states) == 0:
		a.screen.line("no module has been built or installed by mago")
	default:
		a.screen.line(sentence(states, machine))
		if err := a.printTable(states); err != nil {
			return err
		}
	}
	a.showUnloadable(states)
	if a.Verbose {
		a.showRoom(ctx)
	}
	steps := a.states.steps().of(states)
	for i, step := range steps {
		label := "also: "
		if i == len(steps)-1 {
			label = "next: "
		}
		a.screen.paste(label + step)
	}
	return nil
}

// showRoom says where a build would run, and what would hold it.
func (a *app) showRoom(ctx context.Context) {
	room, err := a.confs.buildRoom(ctx)
	if err != nil {
		a.screen.line(fmt.Sprintf("%-8s nowhere: %v", "builds", err))
		return
	}
	a.screen.line(fmt.Sprintf("%-8s as %s", "builds", room))
	a.screen.line(fmt.Sprintf("%-8s %s", "limits", room.Held))
}

var statusColumns = []column{{title: "KERNEL", heads: true}, {title: "MODULE"}, {title: "STATE"}, {title: "VERSION", least: 20, goes: 1}, {title: "NOTE", below: true}}

func (a *app) printTable(states []state) error {
	running, legend := a.kernels.running(), ""
	var table [][]string
	for _, s := range states {
		kernel := s.Kernel
		if kernel == running {
			kernel, legend = kernel+" *", "* the running kernel"
		}
		table = append(table, []string{kernel, s.Module, s.State, cmp.Or(s.Installed, s.Built, "-"), s.note()})
	}
	if err := writeColumns(a.screen.out, a.screen.out.columns(), statusColumns, table); err != nil {
		return err
	}
	if legend != "" {
		a.screen.line(legend)
	}
	return nil
}

// note explains a state where its word does not.
func (s state) note() string {
	switch {
	case s.State == stateFailed:
		return "log: " + s.Log
	case s.Reason != "":
		return s.Reason
	case s.State == stateStale:
		return "current: " + s.Current
	case s.State == stateBuilt && debpkg.CompareVersions(s.Built, s.Current) < 0:
		return "current: " + s.Current
	}
	return ""
}
