package engine

import (
	"cmp"
	"context"
	"crypto"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"mago/cmd/mago/internal/detached"
	"mago/cmd/mago/internal/keyring"
	"mago/cmd/mago/internal/store"
	"mago/debpkg/codec"
	"mago/kbuild"
	"mago/kbuild/kernel"
	"mago/kbuild/signing"
)

// Detached signs on another machine than the one that builds; see package detached.
type Detached struct{ *Engine }

// Request writes the modules of good builds that mago has not signed, of all or of those that are named and for the kernels chosen,
// into a directory, with the list of what is to be signed. With Force those that are signed are written, too.
func (d Detached) Request(ctx context.Context, dir string, words []string) ([]detached.Request, error) {
	records, err := d.toSign(ctx, words)
	if err != nil || len(records) == 0 {
		return nil, err
	}
	to, err := detached.Make(dir)
	if err != nil {
		return nil, err
	}
	defer to.Close()
	var all []detached.Request
	for _, r := range records {
		some, err := d.request(ctx, to, r)
		if missing := (*kernel.HeadersError)(nil); errors.As(err, &missing) {
			d.say.note("note", "%s is left out: what hash its kernel wants is not known without the kernel's headers", r.Package)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.Package, err)
		}
		all = append(all, some...)
	}
	if len(all) == 0 {
		return nil, to.Drop()
	}
	return all, to.Write(all)
}

// toSign are the records of builds whose modules are to be signed.
func (d Detached) toSign(ctx context.Context, words []string) ([]store.Record, error) {
	chosen, err := d.kernels.chosen(ctx)
	if err != nil {
		return nil, err
	}
	names, err := d.cleaner.moduleNames(ctx, ModuleWords(words))
	if err != nil {
		return nil, err
	}
	all, err := d.store.All(names...)
	return slices.DeleteFunc(all, func(r store.Record) bool {
		return r.Result != store.Built || !chosen(r.Kernel) || !d.store.HasDeb(r) || r.Signed != nil && !d.Force
	}), err
}

// request writes the modules of one build; none for a kernel that looks at no signatures.
func (d Detached) request(ctx context.Context, to *detached.Dir, r store.Record) (all []detached.Request, err error) {
	k, err := d.kernels.kernel(r.Kernel)
	if err != nil {
		return nil, err
	}
	hash, err := kbuild.SignatureHash(k)
	if hash == 0 {
		return nil, err
	}
	err = d.locked(ctx, r.ID(), func() error {
		at := place{work: d.store.Work(r.ID())}
		return within(at, func() error {
			all, err = d.take(ctx, to, r, signing.HashName(hash), at.work)
			return err
		})
	})
	return all, err
}

// locked does something to a unit that nobody else works on.
func (d Detached) locked(ctx context.Context, id store.ID, do func() error) error {
	u := unit{target{name: id.Module}, kernel.Kernel{Release: id.Kernel}}
	release, err := d.locks(d.Wait.forLong()).Take(ctx, u.thing("signed"))
	if err != nil {
		return err
	}
	defer release()
	return do()
}

// take writes the modules of a build, but for those that come signed and are to stay so.
func (d Detached) take(ctx context.Context, to *detached.Dir, r store.Record, hash, work string) (all []detached.Request, err error) {
	_, modules, err := resigner{d.build}.unpackWhole(&r, work)
	if err != nil {
		return nil, err
	}
	for _, m := range modules {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		q := detached.Request{Module: r.Module, Kernel: r.Kernel, Package: r.Package, Version: r.Version, Deb: r.SHA256, Name: m.Name, Hash: hash}
		plain := filepath.Join(work, m.Name+".ko")
		theirs, err := kbuild.Unfinish(m, plain, d.Of(r.Module).Signing.Resign)
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

// Sign signs what a directory asks for with this machine's key; told is called for each module.
func (d Detached) Sign(ctx context.Context, dir string, told func(detached.Request)) error {
	in, err := detached.Open(dir)
	if err != nil {
		return err
	}
	defer in.Close()
	if _, err := in.Requests(); err != nil { // before anybody types a passphrase
		return err
	}
	k, err := d.signs.keyOf("")
	switch {
	case err != nil:
		return err
	case !k.is:
		return ErrNoKey
	}
	if err := k.CheckDates(time.Now()); err != nil {
		return err
	}
	signer, err := d.signs.open(ctx, "")
	if err != nil {
		return err
	}
	return in.Sign(ctx, signer, k.Chain(), told)
}

// ErrNoKey says that there is nothing to sign with.
var ErrNoKey = errors.New("there is no key here to sign modules with")

// Attach puts a directory's signatures into the packages that they were asked for, but for those that have them; told is called for each
// package. A package that was built anew since is an *StaleRequestError.
func (d Detached) Attach(ctx context.Context, dir string, told func(store.Record)) error {
	in, err := detached.Open(dir)
	if err != nil {
		return err
	}
	defer in.Close()
	requests, signatures, err := in.Signed()
	if err != nil {
		return err
	}
	units := map[store.ID][]detached.Request{}
	var order []store.ID
	for _, q := range requests {
		id := store.ID{Module: q.Module, Kernel: q.Kernel}
		if units[id] == nil {
			order = append(order, id)
		}
		units[id] = append(units[id], q)
	}
	var failed error
	for _, id := range order {
		var r store.Record
		err := d.locked(ctx, id, func() (err error) {
			r, err = d.attach(ctx, id, units[id], signatures)
			return err
		})
		if err == nil {
			told(r)
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

// StaleRequestError is a package that is not the one that signatures were asked for.
type StaleRequestError struct{ Package string }

func (e *StaleRequestError) Error() string {
	return e.Package + " was built anew since its signatures were asked for, or is gone"
}

// attach puts signatures into one package, whose unit's lock is held.
func (d Detached) attach(ctx context.Context, id store.ID, requests []detached.Request, s detached.Signatures) (r store.Record, err error) {
	r, ok := d.store.Get(id)
	if ok && r.Signed != nil && r.Signed.SHA256 == keyring.SHA256(s.Certificate) && areFor(requests, r.Compiled) {
		return r, d.build.deliver(ctx, r)
	}
	if !ok || !areFor(requests, r.SHA256) {
		return r, &StaleRequestError{requests[0].Package}
	}
	r.Inputs = append(unsignedInputs(r.Inputs), signatureInput(s.Certificate, d.Of(id.Module).Signing.Resign))
	how := kbuild.Signing{Anew: d.Of(id.Module).Signing.Resign, Sign: func(module string, sum []byte, _ crypto.Hash) ([]byte, error) {
		return s.Message(module, sum)
	}}
	by := func(modules []kbuild.Module) *store.Signed { return signedWith(s.Certificate, modules) }
	r.Basis = "" // it tells of the key that this machine has, or of none
	if r, err = (resigner{d.build}).resign(ctx, resigning{record: r, kernel: asRequested(r, requests[0]), how: how, by: by}); err != nil {
		return r, err
	}
	return r, d.build.deliver(ctx, r)
}

// areFor reports whether requests are for a package.
func areFor(requests []detached.Request, deb string) bool {
	return !slices.ContainsFunc(requests, func(q detached.Request) bool { return q.Deb != deb })
}

// asRequested is as much of a request's kernel as signing takes: it need not be here any more.
func asRequested(r store.Record, q detached.Request) kernel.Kernel {
	format := codec.None
	for _, path := range r.Modules {
		format = cmp.Or(kbuild.Compression(path), format)
	}
	k := kernel.Kernel{Release: r.Kernel, Compression: format}
	return k.WithConfig(kernel.Config{"CONFIG_MODULE_SIG": "y", "CONFIG_MODULE_SIG_HASH": q.Hash})
}
