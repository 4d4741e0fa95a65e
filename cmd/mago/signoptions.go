package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"mago/cmd/mago/internal/engine"
	"mago/cmd/mago/internal/keyring"
	"mago/debpkg/rooted"
)

// signOptions are those of the commands that sign modules.
type signOptions struct {
	SigningKey string `name:"key" placeholder:"FILE" help:"Sign modules with the private key in FILE, beside which its certificate lies, in place of the configured key."`
	passphraseOptions
}

// take has the options count more than the configuration. The passphrase is read at once: a descriptor is not to be passed on.
func (o signOptions) take(a *app) error {
	if o.SigningKey != "" {
		key := o.SigningKey
		if !strings.HasPrefix(key, "pkcs11:") {
			path, err := filepath.Abs(key)
			if err == nil {
				key, err = rooted.Root(a.Root).Inside(path)
			}
			if err != nil {
				return &engine.UsageError{Err: err}
			}
		}
		a.Signing = withKey(a.Signing, key)
		for name, own := range a.Modules {
			own.Signing = withKey(own.Signing, key)
			a.Modules[name] = own
		}
	}
	given, err := o.read()
	if err != nil {
		return &keyring.Error{Path: cmp.Or(o.SigningKey, keyring.Dir), Err: err}
	}
	if given != nil {
		a.Passphrase = func(context.Context, keyring.Key, engine.Signing) ([]byte, error) { return given, nil }
	}
	return nil
}

// withKey has modules signed with another key, whatever the configuration says of its own.
func withKey(s engine.Signing, key string) engine.Signing {
	s.Key, s.PassphraseFile, s.PassphraseCredential = key, "", ""
	if s.Signatures == engine.SignaturesNone {
		s.Signatures = engine.SignaturesAuto
	}
	return s
}

// usualCredential is the name under which systemd passes a passphrase where the configuration names no other.
const usualCredential = "mago-passphrase"

// configuredPassphrase is that of a key: out of the file that the configuration names, or that systemd passes as a credential
// (systemd.exec(5), LoadCredential=), or as somebody at the terminal types it; nil where there is none.
func configuredPassphrase(ctx context.Context, a *app, k keyring.Key, how engine.Signing) ([]byte, error) {
	if how.PassphraseFile != "" {
		if err := keyring.CheckClosed(rooted.Root(a.Root), how.PassphraseFile); err != nil {
			return nil, err
		}
		return lineOf(rooted.Root(a.Root), how.PassphraseFile)
	}
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); dir != "" {
		line, err := lineOf("/", filepath.Join(dir, cmp.Or(how.PassphraseCredential, usualCredential)))
		if how.PassphraseCredential != "" || !errors.Is(err, fs.ErrNotExist) {
			return line, err
		}
	}
	typed, _, err := a.askSecret(ctx, k.Secret())
	return typed, err
}

// lineOf is a file's first line.
func lineOf(root rooted.Root, name string) ([]byte, error) {
	text, err := root.ReadFile(name)
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), err
}
