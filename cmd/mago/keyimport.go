package main

import (
	"context"

	"mago/cmd/mago/internal/engine"
	"mago/cmd/mago/internal/keyring"
)

// take copies a key into mago's own directory: dkms's, or one of a certification authority.
func (c *keyCommand) take(a keyTeller, ctx context.Context) error {
	var key string
	i := keyring.Import{Unattended: c.Unattended, Again: a.Force, Now: present()}
	for _, path := range []struct {
		to   *string
		name string
	}{{&key, c.Files[0]}, {&i.Certificate, second(c.Files)}, {&i.Root, c.RootCert}} {
		var err error
		if *path.to, err = absolute(path.name); err != nil {
			return err
		}
	}
	if a.DryRun {
		a.tellNothingDone("copy " + c.Files[0] + " to " + keyring.Dir)
		return nil
	}
	var err error
	if i.Key, err = keyring.ReadKeyFile(key); err != nil {
		return &secretFileError{"key import", err}
	}
	var made keyring.Made
	err = a.withPassphrase(ctx, c.passphraseOptions, engine.Signing{}, func(passphrase []byte) (err error) {
		i.Passphrase = passphrase
		made, err = a.keyStore().Import(ctx, i)
		return err
	})
	if err != nil {
		return err
	}
	a.tellMade(made)
	a.tellEnrolment()
	return nil
}

// second is the second word, "" where there is none.
func second(words []string) string {
	if len(words) < 2 {
		return ""
	}
	return words[1]
}
