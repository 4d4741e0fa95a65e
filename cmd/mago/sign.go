package main

import (
	"context"
	"fmt"
	"path/filepath"

	"mago/cmd/mago/internal/detached"
	"mago/cmd/mago/internal/engine"
	"mago/cmd/mago/internal/store"
	"mago/debpkg/visible"
)

type signCommand struct {
	Requests string   `placeholder:"DIR" help:"Write the modules that are built and not signed into the new directory DIR, for a machine that has the key."`
	Attach   string   `placeholder:"DIR" help:"Put the signatures that have come back in DIR into the packages."`
	Words    []string `arg:"" optional:"" name:"dir-or-module" help:"The directory to sign; with --requests names of modules, all by default."`
	signOptions
}

// Run does one of the three steps of signing on another machine.
func (c *signCommand) Run(a *app, ctx context.Context) error {
	if err := c.take(a); err != nil {
		return err
	}
	d := engine.Detached{Engine: a.Engine}
	switch {
	case c.Requests != "" && c.Attach != "":
		return misuse("sign", "--requests and --attach are steps that follow each other")
	case c.Requests != "":
		return c.request(ctx, a, d)
	case c.Attach != "" && len(c.Words) > 0:
		return misuse("sign", "--attach takes all that is in its directory")
	case c.Attach != "":
		return c.attach(ctx, a, d)
	case len(c.Words) != 1:
		return misuse("sign", "the directory to sign is missing")
	}
	return c.sign(ctx, a, d)
}

func (c *signCommand) request(ctx context.Context, a *app, d engine.Detached) error {
	all, err := d.Request(ctx, c.Requests, c.Words)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		a.screen.line(fmt.Sprintf("%-8s nothing is built that is not signed", "sign"))
		return nil
	}
	for _, r := range all {
		a.screen.line(fmt.Sprintf("%-8s %s", "request", filepath.Join(c.Requests, r.File)))
	}
	a.screen.line(fmt.Sprintf("next: take %s to the machine that has the key, and sign it there:", c.Requests))
	a.screen.paste("next: " + engine.SystemOf(a.Engine).ByRoot("mago", "sign", filepath.Base(c.Requests)))
	return nil
}

func (c *signCommand) sign(ctx context.Context, a *app, d engine.Detached) error {
	dir := c.Words[0]
	err := d.Sign(ctx, dir, func(r detached.Request) {
		a.screen.line(fmt.Sprintf("%-8s %s of %s", "signed", visible.Line(r.Name), visible.Line(r.Package)))
	})
	if err != nil {
		return err
	}
	a.screen.line(fmt.Sprintf("next: take %s back to the machine that builds, and put the signatures in there:", dir))
	a.screen.paste("next: mago sign --attach " + engine.Pasted(filepath.Base(dir)))
	return nil
}

func (c *signCommand) attach(ctx context.Context, a *app, d engine.Detached) error {
	return d.Attach(ctx, c.Attach, func(r store.Record) {
		a.screen.line(fmt.Sprintf("%-8s %s: signed with %s", "package", filepath.Base(r.Deb), r.Signed.Name))
	})
}
