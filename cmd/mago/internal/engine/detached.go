package engine

import (
	"context"
	"crypto/x509"
	"errors"
	"time"

	"mago/cmd/mago/internal/detached"
	"mago/cmd/mago/internal/keyring"
	"mago/cmd/mago/internal/store"
	"mago/kbuild/firmware"
	"mago/kbuild/kernel"
	"mago/kbuild/signing"
)

// Detached signs on another machine than the one that builds; see package detached.
type Detached struct{ *Engine }

// ErrNoKey says that there is nothing to sign with.
var ErrNoKey = errors.New("there is no key here to sign modules with")

// ElsewhereError is a directory that is to be signed on the machine that has the key, by the configuration of this one.
type ElsewhereError struct{ Dir string }

func (e *ElsewhereError) Error() string {
	return e.Dir + ": there is no key here to sign modules with: the configuration has another machine sign (Signatures: elsewhere)"
}

// Sign signs what a directory asks for with this machine's key. about is called before anybody types a passphrase, with what is going to
// be signed and the key's certificates; a dry run ends there. told is called for each module that is signed.
func (d Detached) Sign(ctx context.Context, dir string, about func([]detached.Request, []*x509.Certificate), told func(detached.Request)) error {
	in, err := detached.Open(dir)
	if err != nil {
		return err
	}
	defer in.Close()
	asked, err := in.Inspect()
	if err != nil {
		return err
	}
	k, err := d.keyFor(asked.Requests)
	if errors.Is(err, ErrNoKey) && d.Signing.Signatures == SignaturesElsewhere {
		return &ElsewhereError{dir}
	}
	if err != nil {
		return err
	}
	if about(asked.Requests, k.Chain()); d.DryRun {
		return nil
	}
	signer, err := d.signs.openKey(ctx, k, d.Signing)
	if err != nil {
		return err
	}
	return asked.Sign(ctx, signer, k.Chain(), told)
}

// keyFor is this machine's key, if it can sign what is asked for. The error is ErrNoKey or a *keyring.Error.
func (d Detached) keyFor(requests []detached.Request) (keyring.Key, error) {
	k, err := d.signs.keyAt(d.Signing.Key) // whatever the configuration says of what is built here
	switch {
	case err != nil:
		return k.Key, err
	case !k.is:
		return k.Key, ErrNoKey
	}
	if err := k.Usable(time.Now()); err != nil {
		return k.Key, err
	}
	for _, q := range requests {
		if err := unusableBy(configOf(q), q, k.Chain()); err != nil {
			return k.Key, &keyring.Error{Path: k.Path, Err: err}
		}
	}
	return k.Key, nil
}

// unusableBy says why a request's kernel, of some configuration, cannot use what certificates have signed; nil where it can.
func unusableBy(config kernel.Config, q detached.Request, chain []*x509.Certificate) error {
	if why := firmware.Unusable(config, chain...); why != "" {
		return &UnusableKeyError{q.Kernel, signing.Strength(chain[0]), why}
	}
	return nil
}

// ecdsa is the setting of kernels that verify what ECDSA keys have signed; see firmware.Unusable.
const ecdsa = "CONFIG_CRYPTO_ECDSA"

// configOf is as much of a kernel's configuration as a request tells: the kernel need not be here.
func configOf(q detached.Request) kernel.Config {
	config := kernel.Config{"CONFIG_MODULE_SIG": "y", "CONFIG_MODULE_SIG_HASH": q.Hash}
	if q.ECDSA {
		config[ecdsa] = "y"
	}
	return config
}

// locked does something to a unit that nobody else works on; a dry run changes nothing, and locks nothing.
func (d Detached) locked(ctx context.Context, id store.ID, do func() error) error {
	return d.build.withUnitLock(ctx, unit{target{name: id.Module}, kernel.Kernel{Release: id.Kernel}}, "signed", do)
}
