package main

import (
	"context"

	"mago/cmd/mago/internal/engine"
	"mago/cmd/mago/internal/store"
	"mago/debpkg/visible"
)

type logCommand struct {
	Module string `arg:"" name:"module" help:"Name of a module that was built, or is being built."`
	Follow bool   `help:"Wait for a build where none goes on, and follow its log to its end; -f does so too."`
}

// Run prints the log of a unit's last build, or follows that of a build which another process makes; then the exit code is the
// build's.
func (c *logCommand) Run(a *app, ctx context.Context) error {
	a.Reading = true
	follow := c.Follow || a.Force
	r, err := engine.PrintLog(ctx, a.Engine, engine.LogRequest{Module: c.Module, Follow: follow, To: a.screen.out, Tell: a.tellLog})
	switch {
	case ctx.Err() != nil:
		return &statusError{exitInterrupted}
	case err != nil || !follow:
		return err
	}
	switch r.Result {
	case store.Failed:
		return &statusError{exitBuild}
	case store.Excluded:
		return &statusError{exitNotMeant}
	}
	return nil
}

// tellLog says beside a log, on standard error, what it is of.
func (a *app) tellLog(text string) {
	if !a.screen.quiet {
		complain(a.stderr, "mago: "+visible.Line(text))
	}
}
