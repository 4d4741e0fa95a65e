package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"mago/cmd/mago/internal/engine"
	"mago/debpkg"
	"mago/debpkg/visible"
	"mago/kbuild/firmware"
)

type statusCommand struct {
	Modules []string `arg:"" optional:"" name:"module" help:"Names, alli; every module by default."`
	jsonOption
}

// Run shows kernels against modules; the exit code tells scripts the worst of it.
func (c *statusCommand) Run(a *app, ctx context.Context) error {
	c.apply(a)
	s, err := a.Status(ctx, c.Modules)
	if err != nil {
		return err
	}
	if s.Unlisted != nil {
		a.screen.line(fmt.Sprintf("%-8s %v; newer sources go unnoticed", "catalog", s.Unlisted))
	}
	if c.JSON {
		err = a.printStatesJSON(ctx, s.States)
	} else {
		err = a.printStates(ctx, s)
	}
	if err != nil {
		return err
	}
	return worst(s.States)
}

func (a *app) printStatesJSON(ctx context.Context, states []engine.State) error {
	if chosen, err := a.BuildSandbox(ctx); err == nil {
		for i := range states {
			states[i].Sandbox = chosen.String()
		}
	}
	return a.printJSON(append([]engine.State{}, states...))
}

// worst is the exit code: only what is wanted here counts.
func worst(states []engine.State) error {
	code := exitDone
	for _, s := range states {
		switch {
		case s.Held != "":
		case s.State == engine.StateFailed && s.Wanted:
			code = exitFailed
		case s.State == engine.StateStale, s.State == engine.StateMissing, s.Refused != "" && s.Wanted:
			code = max(code, exitIncomplete)
		}
	}
	if code == exitDone {
		return nil
	}
	return &statusError{code}
}

// printStates prints a sentence about the states, the table, and what to type.
func (a *app) printStates(ctx context.Context, s engine.StatusReport) error {
	switch {
	case len(s.Cached) > 0 && s.Names != nil:
		a.screen.line(fmt.Sprintf("not built for %s, whose headers are in the cache: %s", engine.InWords(s.Cached, 2), engine.InWords(s.Names, 3)))
	case len(s.Cached) > 0:
		a.screen.line(fmt.Sprintf("nothing is built for %s, whose headers are in the cache", engine.InWords(s.Cached, 2)))
	case len(s.States) == 0 && s.Names != nil:
		a.screen.line("neither built nor installed here: " + engine.InWords(s.Names, 3))
	case len(s.States) == 0:
		a.screen.line("no module has been built or installed by mago")
	default:
		a.screen.line(sentence(s.States, s.Machine))
		if err := a.printTable(s); err != nil {
			return err
		}
	}
	if m := a.keyStore().Machine(); m.Enforces != firmware.No.String() && len(s.States) > 0 || m.Wants != "" || a.Verbose {
		a.tellField("machine", machineText(a.Root, m))
	}
	a.tellUnloadable(s)
	if a.Verbose {
		a.showSandbox(ctx)
	}
	for i, step := range s.Next {
		label := "also: "
		if i == len(s.Next)-1 {
			label = "next: "
		}
		a.screen.paste(label + step)
	}
	return nil
}

// tellUnloadable names what the kernels do not load, who has signed it, and what of that this machine may come to know.
func (a *app) tellUnloadable(s engine.StatusReport) {
	foreign := false
	for _, u := range s.Unloadable {
		loads, signed := "does not load", ""
		if u.Later() {
			loads = "does not yet load"
		}
		if u.Signer != "" {
			signed = ", signed with a key of " + visible.Line(u.Signer)
		}
		a.tellField("note", fmt.Sprintf("%s: Linux %s %s %s%s: %s", u.Wanted, u.Kernel, loads, strings.Join(u.Modules, ", "), signed, u.Why))
		foreign = foreign || u.Foreign
	}
	if foreign {
		a.tellField("note", engine.EnrollSigner())
	}
}

// showSandbox says where a build would run, and what would hold it.
func (a *app) showSandbox(ctx context.Context) {
	chosen, err := a.BuildSandbox(ctx)
	if err != nil {
		a.screen.line(fmt.Sprintf("%-8s nowhere: %v", "builds", err))
		return
	}
	a.screen.line(fmt.Sprintf("%-8s as %s", "builds", chosen))
	a.screen.line(fmt.Sprintf("%-8s %s", "limits", chosen.Held))
}

var statusColumns = []column{{title: "KERNEL", heads: true}, {title: "MODULE"}, {title: "STATE"}, {title: "VERSION", least: 20, goes: 1}, {title: "NOTE", below: true}}

func (a *app) printTable(report engine.StatusReport) error {
	legend := ""
	var table [][]string
	for _, s := range report.States {
		kernel := s.Kernel
		if kernel == report.Running {
			kernel, legend = kernel+" *", "* the running kernel"
		}
		table = append(table, []string{kernel, s.Module, s.State, cmp.Or(s.Installed, s.Built, "-"), noteOf(s)})
	}
	if err := writeColumns(a.screen.out, a.screen.out.columns(), statusColumns, table); err != nil {
		return err
	}
	if legend != "" {
		a.screen.line(legend)
	}
	return nil
}

// noteOf explains a state where its word does not.
func noteOf(s engine.State) string {
	switch {
	case s.Held != "":
		return "held by " + s.Held
	case s.State == engine.StateFailed:
		return "log: " + s.Log
	case s.Reason != "":
		return s.Reason
	case s.State == engine.StateStale:
		return "current: " + s.Current
	case s.State == engine.StateBuilt && debpkg.CompareVersions(s.Built, s.Current) < 0:
		return "current: " + s.Current
	case s.Reused != "":
		return "modules of " + s.Reused
	}
	return ""
}
