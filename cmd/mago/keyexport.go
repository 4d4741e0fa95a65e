package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"mago/cmd/mago/internal/engine"
	"mago/cmd/mago/internal/keyring"
)

// export writes what enrolls the key that signs.
func (c *keyCommand) export(a keyTeller, ctx context.Context) error {
	k, err := a.usedKey()
	if errors.Is(err, fs.ErrPermission) && !a.AsRoot() {
		return &rootOnlyError{[]string{"key", "export", "--mok"}}
	}
	if err != nil {
		return err
	}
	files := keyring.ExportMOK(k)
	if c.DB {
		signer, err := a.openKey(ctx, c.passphraseOptions, k, a.Signing)
		if err != nil {
			return err
		}
		if files, err = keyring.ExportDB(k, signer, present()); err != nil {
			return err
		}
	}
	return a.writeFiles(cmp.Or(c.Output, "."), files)
}

// writeFiles writes what others may read into a directory, and says what it is for.
func (a keyTeller) writeFiles(dir string, files []keyring.File) error {
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		if a.DryRun {
			a.tellNothingDone("write " + path)
			continue
		}
		if err := f.Save(path); err != nil {
			return err
		}
		a.tellField("wrote", path+": "+f.For)
	}
	return nil
}

// usedKey is the key that a build signs with.
func (a keyTeller) usedKey() (keyring.Key, error) {
	for _, k := range a.keyStore().Report(a.Signing.Key, present()).Keys {
		if k.Used {
			return k.Found.Key, k.Found.Err
		}
	}
	return keyring.Key{}, engine.ErrNoKey
}
