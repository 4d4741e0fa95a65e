package keyring

import (
	"errors"
	"io/fs"

	"mago/debpkg/rooted"
	"mago/kbuild/signing/pkcs11"
)

// Found is a key that lies where keys do, or that somebody has named.
type Found struct {
	Key
	Err error // why it cannot be used; nil where it can
}

// Look finds all keys: the configured one, "" for none, and those that nobody has named. Of a key that only root may read there is
// the certificate at least, where everybody may read that.
func Look(root rooted.Root, tokens pkcs11.Helper, configured string) (all []Found) {
	if configured != "" {
		all = append(all, lookAtNamed(root, tokens, configured))
	}
	for _, p := range places {
		k, err := p.find(root)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case errors.Is(err, fs.ErrPermission) && k.Certificate == nil:
			_ = k.readChain(root, p) // what cannot be read either is not told twice
		}
		all = append(all, Found{k, err})
	}
	return all
}

func lookAtNamed(root rooted.Root, tokens pkcs11.Helper, name string) Found {
	k, err := Named(root, tokens, name)
	k.Origin, k.Path = Configured, pkcs11.Shown(name)
	return Found{k, err}
}
