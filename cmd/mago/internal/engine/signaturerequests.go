package engine

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"mago/cmd/mago/internal/detached"
	"mago/cmd/mago/internal/store"
	"mago/kbuild"
	"mago/kbuild/kernel"
	"mago/kbuild/signing"
)

// Request writes the modules of good builds that mago has not signed, of all or of those that are named and for the kernels chosen,
// into a directory, with the list of what is to be signed. With Force those that are signed are written, too. A dry run writes nothing.
func (d Detached) Request(ctx context.Context, dir string, words []string) ([]detached.Request, error) {
	all, err := d.toSign(ctx, words)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	if d.DryRun {
		return wouldAsk(all), detached.Free(dir)
	}
	to, err := detached.Make(dir)
	if err != nil {
		return nil, err
	}
	defer to.Close()
	var asked []detached.Request
	for _, b := range all {
		some, err := d.request(ctx, to, b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", b.Package, err)
		}
		asked = append(asked, some...)
	}
	if len(asked) == 0 {
		return nil, to.Drop()
	}
	return asked, to.Write(asked)
}

// unsignedBuild is a good build whose modules are to be signed, and what its kernel wants of the signature.
type unsignedBuild struct {
	store.Record
	hash  string
	ecdsa bool
}

// request is that of one of the build's modules, without its file.
func (b unsignedBuild) request(name string) detached.Request {
	return detached.Request{Module: b.Module, Kernel: b.Kernel, Package: b.Package, Version: b.Version, Deb: b.Content(), Name: name, Hash: b.hash, ECDSA: b.ecdsa}
}

// toSign are the builds whose modules are to be signed, but for those whose kernels look at no signatures.
func (d Detached) toSign(ctx context.Context, words []string) (all []unsignedBuild, err error) {
	chosen, err := d.kernels.chosen(ctx)
	if err != nil {
		return nil, err
	}
	names, err := d.cleaner.moduleNames(ctx, ModuleWords(words))
	if err != nil {
		return nil, err
	}
	records, err := d.store.All(names...)
	for _, r := range records {
		if r.Result != store.Built || !chosen(r.Kernel) || !d.store.HasDeb(r) || r.Signed != nil && !d.Force {
			continue
		}
		b, err := d.wanted(r)
		if missing := (*kernel.HeadersError)(nil); errors.As(err, &missing) {
			d.say.note("note", "%s is left out: what hash its kernel wants is not known without the kernel's headers", r.Package)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.Package, err)
		}
		if b.hash != "" {
			all = append(all, b)
		}
	}
	return all, err
}

// wanted finds out what a build's kernel wants; no hash where that looks at no signatures.
func (d Detached) wanted(r store.Record) (unsignedBuild, error) {
	k, err := d.kernels.kernel(r.Kernel)
	if err != nil {
		return unsignedBuild{}, err
	}
	hash, err := kbuild.SignatureHash(k)
	return unsignedBuild{r, signing.HashName(hash), k.Config()[ecdsa] == "y"}, err
}

// wouldAsk are the requests for the modules of builds, as far as that is known without their packages.
func wouldAsk(all []unsignedBuild) (asked []detached.Request) {
	for _, b := range all {
		for _, path := range b.Modules {
			q := b.request(moduleIn(path))
			q.File = filepath.Join(b.Module, b.Kernel, q.Name+".ko")
			asked = append(asked, q)
		}
	}
	return asked
}

// request writes the modules of one build.
func (d Detached) request(ctx context.Context, to *detached.Dir, b unsignedBuild) (all []detached.Request, err error) {
	err = d.locked(ctx, b.ID(), func() error {
		at := place{work: d.store.Work(b.ID())}
		return within(at, func() error {
			all, err = d.take(ctx, to, b, at.work)
			return err
		})
	})
	return all, err
}

// take writes the modules of a build, but for those that come signed and are to stay so.
func (d Detached) take(ctx context.Context, to *detached.Dir, b unsignedBuild, work string) (all []detached.Request, err error) {
	_, modules, err := resigner{d.build}.unpackWhole(&b.Record, work)
	if err != nil {
		return nil, err
	}
	for _, m := range modules {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		q, plain := b.request(m.Name), filepath.Join(work, m.Name+".ko")
		theirs, err := kbuild.Unfinish(m, plain, d.Of(b.Module).Signing.Resign)
		if err == nil && !theirs {
			err = to.Take(&q, plain)
			all = append(all, q)
		}
		if err != nil {
			return nil, fmt.Errorf("module %s: %w", m.Name, err)
		}
	}
	return all, nil
}
