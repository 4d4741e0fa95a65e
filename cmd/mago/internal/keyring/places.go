package keyring

import (
	"errors"
	"io/fs"
	"slices"

	"mago/debpkg/rooted"
	"mago/kbuild/signing"
)

// place is where a key may lie, inside the root.
type place struct {
	origin    Origin
	key, cert string
	root      string // the certificate of the root, "" where there can be none
}

// places are those of keys that nobody has named. dkms makes its own with the first module that it builds, enrolled or not;
// update-secureboot-policy(8) of shim-signed makes the other on Ubuntu, and enrolls it.
var places = []place{
	{Own, inside(signingKey), inside(signingCert), inside(rootCert)},
	{DKMS, "/var/lib/dkms/mok.key", "/var/lib/dkms/mok.pub", ""},
	{Shim, "/var/lib/shim-signed/mok/MOK.priv", "/var/lib/shim-signed/mok/MOK.der", ""},
}

// find reads the key of a place; of mago's own that which a change has made ready, before one that lies there still.
func (p place) find(root rooted.Root) (Key, error) {
	if p.origin == Own {
		p.key = inside(ready, signingKey)
		k, err := p.read(root)
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
			return k, err
		}
		p.key = inside(signingKey)
	}
	return p.read(root)
}

// read reads a key with its certificates.
func (p place) read(root rooted.Root) (k Key, err error) {
	k = Key{Origin: p.origin, Path: p.key, root: root}
	defer func() {
		if err != nil {
			err = &Error{p.key, err}
		}
	}()
	if k.text, err = readSecret(root, p.key); err != nil {
		return k, err
	}
	if err := CheckClosed(root, p.key); err != nil {
		return k, err
	}
	if err := k.readChain(root, p); err != nil {
		return k, err
	}
	k.Encrypted, k.Revoked = signing.IsEncrypted(k.text), isRevoked(root, k.Certificate)
	return k, nil
}

// EnrolledFile is the file, inside the root, that mokutil takes to enroll the key's certificate: DER. It is "" for a key that somebody
// has named, whose certificate may lie anywhere.
func (k Key) EnrolledFile() string {
	if k.Origin == Own {
		return MOK
	}
	i := slices.IndexFunc(places, func(p place) bool { return p.origin == k.Origin })
	if i < 0 {
		return ""
	}
	return places[i].cert
}
