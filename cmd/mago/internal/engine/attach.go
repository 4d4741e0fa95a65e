package engine

import (
	"cmp"
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"time"

	"mago/cmd/mago/internal/detached"
	"mago/cmd/mago/internal/keyring"
	"mago/cmd/mago/internal/store"
	"mago/debpkg/codec"
	"mago/kbuild"
	"mago/kbuild/kernel"
)

// Attach puts a directory's signatures into the packages that they were asked for, but for those that have them. about is called with
// the signatures once they are found good, and told for each package. A package that was built anew since is a *StaleRequestError. A dry run
// changes no package.
func (d Detached) Attach(ctx context.Context, dir string, about func(detached.Signatures), told func(store.Record)) error {
	in, err := detached.Open(dir)
	if err != nil {
		return err
	}
	defer in.Close()
	requests, signatures, err := in.Signed()
	if err == nil {
		err = d.checkSigned(requests, signatures)
	}
	if err != nil {
		return err
	}
	about(signatures)
	var failed error
	var kernels []string
	for _, some := range byUnit(requests) {
		id := store.ID{Module: some[0].Module, Kernel: some[0].Kernel}
		var r store.Record
		err := d.locked(ctx, id, func() (err error) {
			r, err = d.attach(ctx, id, some, signatures)
			return err
		})
		if err == nil {
			told(r)
			kernels = append(kernels, id.Kernel)
		}
		failed = errors.Join(failed, err)
	}
	d.tellTrust(signatures, kernels)
	return failed
}

// byUnit puts the requests of each unit together, in their order.
func byUnit(requests []detached.Request) (all [][]detached.Request) {
	at := map[store.ID]int{}
	for _, q := range requests {
		id := store.ID{Module: q.Module, Kernel: q.Kernel}
		i, ok := at[id]
		if !ok {
			i, all = len(all), append(all, nil)
			at[id] = i
		}
		all[i] = append(all[i], q)
	}
	return all
}

// checkSigned says why signatures are of no use: their certificate is not valid now, or a kernel cannot use it. The error is a *detached.Error.
func (d Detached) checkSigned(requests []detached.Request, s detached.Signatures) error {
	if err := keyring.CheckDates(time.Now(), s.Chain...); err != nil {
		return &detached.Error{File: s.File, Err: err}
	}
	for _, q := range requests {
		config := configOf(q)
		if k, err := d.kernels.kernel(q.Kernel); err == nil {
			config = k.Config()
		}
		err := unusableBy(config, q, s.Chain)
		if wants := cmp.Or(config["CONFIG_MODULE_SIG_HASH"], q.Hash); err == nil && wants != q.Hash {
			err = &OtherHashError{q.Hash, q.Kernel, wants}
		}
		if err != nil {
			return &detached.Error{File: q.File, Err: err}
		}
	}
	return nil
}

// OtherHashError is a signature with a hash that its kernel does not want, or not any more.
type OtherHashError struct{ Hash, Kernel, Wants string }

func (e *OtherHashError) Error() string {
	return fmt.Sprintf("it is signed with %s, and Linux %s wants %s", e.Hash, e.Kernel, e.Wants)
}

// StaleRequestError is a package that is not the one that signatures were asked for.
type StaleRequestError struct{ Package string }

func (e *StaleRequestError) Error() string {
	return e.Package + " was built anew since its signatures were asked for, or is gone"
}

// attach puts signatures into one package, whose unit's lock is held.
func (d Detached) attach(ctx context.Context, id store.ID, requests []detached.Request, s detached.Signatures) (r store.Record, err error) {
	r, ok := d.store.Get(id)
	switch {
	case !ok || !areFor(requests, r.Content()):
		return r, &StaleRequestError{requests[0].Package}
	case d.DryRun:
		return r, nil
	case r.Signed != nil && r.Signed.SHA256 == keyring.SHA256(s.Certificate()):
		return r, d.build.deliver(ctx, r)
	}
	r.Inputs = append(unsignedInputs(r.Inputs), signatureInput(s.Certificate(), d.Of(id.Module).Signing.Resign))
	how := kbuild.Signing{Anew: d.Of(id.Module).Signing.Resign, Sign: func(module string, sum []byte, _ crypto.Hash) ([]byte, error) {
		return s.Message(module, sum)
	}}
	by := func(modules []kbuild.Module) *store.Signed { return signedWith(s.Certificate(), modules) }
	r.Basis = "" // it tells of the key that this machine has, or of none
	if r, err = (resigner{d.build}).resign(ctx, resigning{record: r, kernel: asRequested(r, requests[0]), how: how, by: by}); err != nil {
		return r, err
	}
	return r, d.build.deliver(ctx, r)
}

// areFor reports whether requests are for the modules of a package, whoever has signed them since; see store.Record.Content.
func areFor(requests []detached.Request, content string) bool {
	return !slices.ContainsFunc(requests, func(q detached.Request) bool { return q.Deb != content })
}

// asRequested is as much of a request's kernel as signing takes.
func asRequested(r store.Record, q detached.Request) kernel.Kernel {
	format := codec.None
	for _, path := range r.Modules {
		format = cmp.Or(kbuild.Compression(path), format)
	}
	return kernel.Kernel{Release: r.Kernel, Compression: format}.WithConfig(configOf(q))
}
