package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"path/filepath"

	"mago/cmd/mago/internal/detached"
	"mago/cmd/mago/internal/engine"
	"mago/cmd/mago/internal/keyring"
	"mago/cmd/mago/internal/store"
	"mago/debpkg/visible"
	"mago/kbuild/signing"
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
	case len(c.Words) == 0:
		return misuse("sign", "the directory to sign is missing")
	case len(c.Words) > 1:
		return misuse("sign", "one directory is signed at a time")
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
		a.screen.line(fmt.Sprintf("%-8s %s", "request", a.would("write", filepath.Join(c.Requests, r.File))))
	}
	if a.DryRun {
		return nil
	}
	a.screen.line(fmt.Sprintf("next: take %s to the machine that has the key, and sign it there:", c.Requests))
	a.screen.paste("next: " + engine.SystemOf(a.Engine).ByRoot("mago", "sign", filepath.Base(c.Requests)))
	return nil
}

func (c *signCommand) sign(ctx context.Context, a *app, d engine.Detached) error {
	dir := c.Words[0]
	about := func(asked []detached.Request, chain []*x509.Certificate) {
		for _, line := range askedLines(asked) {
			a.tellField("sign", a.would("sign", line))
		}
		a.tellSigner("with", chain)
	}
	signed := 0
	if err := d.Sign(ctx, dir, about, func(detached.Request) { signed++ }); err != nil || a.DryRun {
		return err
	}
	a.tellField("signed", engine.Plural(signed, "module"))
	a.screen.line(fmt.Sprintf("next: take %s back to the machine that builds, and put the signatures in there:", dir))
	a.screen.paste("next: mago sign --attach " + engine.Pasted(filepath.Base(dir)))
	return nil
}

// askedLines names the modules that are to be signed, those of a package in one line.
func askedLines(asked []detached.Request) (lines []string) {
	var last detached.Request
	for _, q := range asked {
		if q.Package == last.Package && q.Version == last.Version && len(lines) > 0 {
			lines[len(lines)-1] += ", " + visible.Line(q.Name)
		} else {
			lines = append(lines, visible.Line(q.Package+" "+q.Version+": "+q.Name))
		}
		last = q
	}
	return lines
}

// tellSigner shows the certificate that signs, and its root's where it has one.
func (a *app) tellSigner(label string, chain []*x509.Certificate) {
	a.tellField(label, fmt.Sprintf("%s, SHA-1 %s", visible.Line(signing.Name(chain[0])), keyring.Fingerprint(chain[0])))
	if len(chain) > 1 {
		a.tellField("root", fmt.Sprintf("%s, SHA-1 %s", visible.Line(signing.Name(chain[1])), keyring.Fingerprint(chain[1])))
	}
}

func (c *signCommand) attach(ctx context.Context, a *app, d engine.Detached) error {
	about := func(s detached.Signatures) { a.tellSigner("by", s.Chain) }
	return d.Attach(ctx, c.Attach, about, func(r store.Record) {
		if a.DryRun {
			a.tellField("package", "would put signatures into "+filepath.Base(r.Deb))
			return
		}
		a.tellField("package", fmt.Sprintf("%s: signed with %s", filepath.Base(r.Deb), r.Signed.Name))
	})
}

// would is what a dry run says it would do to something, else that thing alone.
func (a *app) would(verb, what string) string {
	if a.DryRun {
		return "would " + verb + " " + what
	}
	return what
}
