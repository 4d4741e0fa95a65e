package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"mago/cmd/mago/internal/engine"
	"mago/cmd/mago/internal/keyring"
	"mago/debpkg/rooted"
	"mago/debpkg/visible"
	"mago/kbuild/signing"
	"mago/kbuild/signing/coredump"
)

// noDescriptor is --passphrase-fd where it is not given.
const noDescriptor = -1

// read is the passphrase that the options name; nil where they name none. A descriptor is closed at once, so that no program that
// mago starts has it.
func (o passphraseOptions) read() ([]byte, error) {
	name, file := o.PassphraseFile, (*os.File)(nil)
	switch {
	case o.PassphraseFD >= 0:
		name = fmt.Sprintf("file descriptor %d", o.PassphraseFD)
		file = os.NewFile(uintptr(o.PassphraseFD), name)
	case o.PassphraseFile != "":
		var err error
		if file, err = os.Open(o.PassphraseFile); err != nil {
			return nil, &secretFileError{"--passphrase-file", err}
		}
	default:
		return nil, nil
	}
	defer file.Close()
	return keyring.ReadPassphrase(file, name)
}

// secretFileError is a file with a key or a passphrase that the command line names and that cannot be read.
type secretFileError struct {
	name string // of the option or the action
	err  error
}

func (e *secretFileError) Error() string { return e.name + ": " + e.err.Error() }
func (e *secretFileError) Unwrap() error { return e.err }

// newPassphrase is that of a key to be made: what the options name, else what somebody at the terminal types twice; nil where
// there is nobody, or nothing is typed.
func (a *app) newPassphrase(ctx context.Context, o passphraseOptions) ([]byte, error) {
	given, err := o.read()
	if err != nil || given != nil {
		return given, err
	}
	for range 3 {
		first, asked, err := a.askSecret(ctx, "passphrase of the new key (empty: none)")
		if err != nil || !asked || len(first) == 0 {
			return nil, err
		}
		again, _, err := a.askSecret(ctx, "the same again")
		if err != nil || bytes.Equal(first, again) {
			return first, err
		}
		complain(a.stderr, "mago: these were two different passphrases")
	}
	return nil, errors.New("no passphrase was typed twice")
}

// withPassphrase does something with a private key, which says with a *keyring.Error of it whether it needs a passphrase: that which the
// options name, that of the configuration, or what somebody at the terminal types.
func (a *app) withPassphrase(ctx context.Context, o passphraseOptions, how engine.Signing, do func(passphrase []byte) error) error {
	given, err := o.read()
	if err != nil {
		return err
	}
	err = do(given)
	var of *keyring.Error
	if missing := (*signing.PassphraseError)(nil); !errors.As(err, &missing) || missing.Given || !errors.As(err, &of) {
		return err
	}
	return a.withSecret(ctx, keyring.Key{Path: of.Path}, how, do)
}

// openKey opens an encrypted key as withPassphrase does. A token is asked once only, with what there is.
func (a *app) openKey(ctx context.Context, o passphraseOptions, k keyring.Key, how engine.Signing) (s *signing.Signer, err error) {
	given, err := o.read()
	if err != nil {
		return nil, &keyring.Error{Path: k.Path, Err: err}
	}
	if given != nil || !k.Encrypted {
		return k.Signer(given)
	}
	err = a.withSecret(ctx, k, how, func(passphrase []byte) (err error) {
		s, err = k.Signer(passphrase)
		return err
	})
	return s, err
}

// withSecret does something with a key's passphrase: that of the configuration, else what somebody at the terminal types, else none.
func (a *app) withSecret(ctx context.Context, k keyring.Key, how engine.Signing, do func(passphrase []byte) error) error {
	found, err := configuredPassphrase(rooted.Root(a.Root), how)
	switch {
	case err != nil:
		return &keyring.Error{Path: k.Path, Err: err}
	case found != nil:
		return do(found)
	}
	return a.withTyped(ctx, k, do)
}

// tries is how often somebody at a terminal may type a key's passphrase, as ssh and sudo have it.
const tries = 3

// withTyped does something with what is typed, and asks again where that is a wrong passphrase. It does not where a token refuses its
// PIN, which ends with a *pkcs11.Error: after a few wrong ones a token locks itself.
func (a *app) withTyped(ctx context.Context, k keyring.Key, do func(passphrase []byte) error) error {
	for try := 1; ; try++ {
		typed, _, err := a.askSecret(ctx, k.Secret())
		if err != nil {
			return &keyring.Error{Path: k.Path, Err: err}
		}
		err = do(typed)
		if wrong := (*signing.PassphraseError)(nil); try == tries || !errors.As(err, &wrong) || !wrong.Given {
			return err
		}
		complain(a.stderr, "mago: this is not the passphrase of "+visible.Line(k.Path))
	}
}

// askSecret asks whoever sits at mago's terminal for what is not to be seen. asked is false where nobody does, or nothing is to be
// asked. Whatever ends it, the terminal shows again what is typed.
func (a *app) askSecret(ctx context.Context, what string) (answer []byte, asked bool, err error) {
	if a.screen.out.terminal == nil || a.quick {
		return nil, false, nil
	}
	terminal, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil, false, nil
	}
	defer terminal.Close()
	if _, err := io.WriteString(terminal, a.screen.out.wrapped(visible.Line("mago: "+what+":"), errorIndent)+" "); err != nil {
		return nil, false, err
	}
	if err := coredump.Off(); err != nil {
		return nil, false, err
	}
	return readSecret(ctx, terminal)
}

func readSecret(ctx context.Context, terminal *os.File) (answer []byte, asked bool, err error) {
	shown, err := term.GetState(int(terminal.Fd()))
	if err != nil {
		return nil, false, err
	}
	type reply struct {
		line []byte
		err  error
	}
	replies := make(chan reply, 1)
	go func() {
		line, err := term.ReadPassword(int(terminal.Fd()))
		_, _ = io.WriteString(terminal, "\n")
		replies <- reply{line, err}
	}()
	select {
	case <-ctx.Done():
		return nil, true, errors.Join(context.Cause(ctx), term.Restore(int(terminal.Fd()), shown))
	case r := <-replies:
		if errors.Is(r.err, io.EOF) { // Ctrl-D
			r.err = nil
		}
		return r.line, true, r.err
	}
}
