package main

import (
	"context"

	"mago/cmd/mago/internal/engine"
)

type getCommand struct{ moduleArgs }

// Run fetches what build builds from: sources with those that they need, and headers for -l.
func (c *getCommand) Run(a *app, ctx context.Context) error {
	c.apply(a)
	return a.Fetch(ctx, c.Modules)
}

type buildCommand struct{ buildArgs }

// Run builds sources that are there already.
func (c *buildCommand) Run(a *app, ctx context.Context) error {
	if err := c.take(a); err != nil {
		return err
	}
	return a.do(ctx, engine.Request{Words: c.Modules, Goal: engine.Built, Here: true})
}

type autoBuildCommand struct{ buildArgs }

// Run fetches and builds.
func (c *autoBuildCommand) Run(a *app, ctx context.Context) error {
	if err := c.take(a); err != nil {
		return err
	}
	return a.do(ctx, engine.Request{Words: c.Modules, Goal: engine.Built})
}

type autoInstallCommand struct{ buildArgs }

// Run prepares, fetches, builds and installs.
func (c *autoInstallCommand) Run(a *app, ctx context.Context) error {
	if err := c.take(a); err != nil {
		return err
	}
	return a.do(ctx, engine.Request{Words: c.Modules, Goal: engine.Installed, Prepare: true})
}

type installCommand struct{ moduleArgs }

// Run installs the packages built last.
func (c *installCommand) Run(a *app, ctx context.Context) error {
	c.apply(a)
	report, err := a.Install(ctx, c.Modules)
	a.conclude(report.Results, err)
	return err
}

type prepareCommand struct {
	eventOption
	Modules []string `arg:"" optional:"" name:"module" help:"Names of modules to meet the needs of, too."`
}

// Run makes the machine able to build for the kernels, and the modules where some are named.
func (c *prepareCommand) Run(a *app, ctx context.Context) error {
	c.apply(a)
	return a.do(ctx, engine.Request{Words: c.Modules, Goal: engine.Prepared, Prepare: true})
}

type purgeCommand struct {
	Modules []string `arg:"" optional:"" name:"module" help:"Names, or all for every module."`
}

// Validate refuses, before any command is run, to take no name for all.
func (c *purgeCommand) Validate() error {
	if len(engine.ModuleWords(c.Modules)) == 0 {
		return &engine.PurgeAllError{}
	}
	return nil
}

// Run removes all that mago keeps of modules. Installed packages are dpkg's and stay.
func (c *purgeCommand) Run(a *app, ctx context.Context) error {
	return a.Purge(ctx, c.Modules)
}

type updateCommand struct {
	Apt bool `help:"Run apt-get update first."`
}

// Run brings the catalog up to date, after apt-get update where asked to or where apt has no lists at all. Where
// nothing that it is made of has changed it stays as it is, unless -f has it made anew.
func (c *updateCommand) Run(a *app, ctx context.Context) error {
	return a.Update(ctx, c.Apt)
}
