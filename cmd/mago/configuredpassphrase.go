package main

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"mago/cmd/mago/internal/engine"
	"mago/cmd/mago/internal/keyring"
	"mago/debpkg/rooted"
)

// usualCredential is the name under which systemd passes a passphrase where the configuration names no other.
const usualCredential = "mago-passphrase"

// configuredPassphrase is that of a key: out of the file that the configuration names, or that systemd passes as a credential
// (systemd.exec(5), LoadCredential=); nil where there is none.
func configuredPassphrase(root rooted.Root, how engine.Signing) ([]byte, error) {
	if how.PassphraseFile != "" {
		if err := keyring.CheckClosed(root, how.PassphraseFile); err != nil {
			return nil, err
		}
		return keyring.PassphraseIn(root, how.PassphraseFile)
	}
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return nil, nil
	}
	found, err := keyring.PassphraseIn("/", filepath.Join(dir, cmp.Or(how.PassphraseCredential, usualCredential)))
	if how.PassphraseCredential == "" && errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return found, err
}
