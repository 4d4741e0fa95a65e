package main

import (
	"context"

	"mago/cmd/mago/internal/keyring"
)

// rotate makes a new leaf of the same root.
func (c *keyCommand) rotate(a keyTeller, ctx context.Context) error {
	if a.DryRun {
		a.tellNothingDone("make a new leaf of the root in " + keyring.Dir)
		return nil
	}
	path, err := absolute(c.RootKey)
	if err != nil {
		return err
	}
	rootKey, err := keyring.ReadKeyFile(path)
	if err != nil {
		return &secretFileError{"--root-key", err}
	}
	var made keyring.Made
	err = a.withPassphrase(ctx, c.passphraseOptions, a.Signing, func(passphrase []byte) (err error) {
		made, err = a.keyStore().Rotate(ctx, keyring.Rotation{
			Algorithm: c.Algorithm, Name: a.Name, Days: c.Days, Passphrase: passphrase, Unattended: c.Unattended, RootKey: rootKey, Now: present(),
		})
		return err
	})
	if err != nil {
		return err
	}
	a.tellMade(made)
	a.tellField("enroll", "nothing: machines trust the root, which stays")
	return nil
}
