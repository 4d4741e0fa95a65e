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
	"mago/debpkg/visible"
	"mago/kbuild/signing"
)

// maxPassphrase is how many bytes of a file are looked at for a passphrase's end.
const maxPassphrase = 64 << 10

// read is the passphrase that the options name; nil where they name none. A descriptor is closed at once, so that no program that
// mago starts has it.
func (o passphraseOptions) read() ([]byte, error) {
	switch {
	case o.PassphraseFD >= 0:
		file := os.NewFile(uintptr(o.PassphraseFD), fmt.Sprintf("file descriptor %d", o.PassphraseFD))
		return firstLine(file)
	case o.PassphraseFile != "":
		file, err := os.Open(o.PassphraseFile)
		if err != nil {
			return nil, fmt.Errorf("--passphrase-file: %w", err)
		}
		return firstLine(file)
	}
	return nil, nil
}

// firstLine is the first line of a file, which it closes. There has to be one.
func firstLine(file *os.File) ([]byte, error) {
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxPassphrase))
	if err != nil {
		return nil, fmt.Errorf("read the passphrase: %w", err)
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if line = bytes.TrimSuffix(line, []byte("\r")); len(line) == 0 {
		return nil, fmt.Errorf("read the passphrase: %s has no first line", file.Name())
	}
	return line, nil
}

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

// withPassphrase does something with the passphrase of the private key at a path that the options name, and where one is missing with
// that of the configuration, or what somebody at the terminal types.
func (a *app) withPassphrase(ctx context.Context, o passphraseOptions, path string, how engine.Signing, do func(passphrase []byte) error) error {
	given, err := o.read()
	if err != nil {
		return err
	}
	err = do(given)
	if missing := (*signing.PassphraseError)(nil); !errors.As(err, &missing) || missing.Given {
		return err
	}
	found, failed := configuredPassphrase(ctx, a, keyring.Key{Path: path}, how)
	switch {
	case failed != nil:
		return &keyring.Error{Path: path, Err: failed}
	case len(found) == 0:
		return err
	}
	return do(found)
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
