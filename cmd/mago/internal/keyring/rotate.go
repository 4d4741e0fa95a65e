package keyring

import (
	"cmp"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"io/fs"
	"time"

	"mago/kbuild/signing"
)

// Rotation is a new leaf of the same root, which is enrolled already.
type Rotation struct {
	Algorithm  string  // "" is that of the leaf before
	Name       string  // "" is the root's
	Days       int     // 0 is five years
	Passphrase []byte  // of the root's key and, where the leaf before was encrypted, of both leaves
	Unattended bool    // the new leaf is not encrypted
	RootKey    KeyFile // the root's private key; the zero value is the one that lies in the store
	Now        time.Time

	others []Retired
}

// FlatError is a key without a root, which has no new leaf.
type FlatError struct{ Path string }

func (e *FlatError) Error() string {
	return e.Path + " is a single self-signed key without a root, which has no new leaf"
}

// NoRootKeyError is a root whose private key is not in the store.
type NoRootKeyError struct{ Root *x509.Certificate }

func (e *NoRootKeyError) Error() string {
	return "the private key of " + signing.Name(e.Root) + " is not in " + Dir
}

// NoKeyError is a store without a key.
type NoKeyError struct{}

func (*NoKeyError) Error() string { return "there is no key in " + Dir + ", and so no leaf to follow" }

// Rotate makes a new leaf and retires the one before, whose private key goes. The error is a *NoKeyError, a *FlatError, a
// *NoRootKeyError, or an *Error of the root's key.
func (s Store) Rotate(ctx context.Context, r Rotation) (m Made, err error) {
	if !s.hasKey() {
		return m, &NoKeyError{} // before there is a directory
	}
	c, err := s.begin(ctx)
	if err != nil {
		return m, err
	}
	defer c.release()
	k, err := s.Own()
	if err != nil {
		return m, err
	}
	r.others = s.others()
	text, err := r.follow(k, func() ([]byte, string, error) { return s.rootKey(k, r.RootKey) })
	if err != nil {
		return m, err
	}
	if err := c.retire(k.Certificate); err != nil {
		return m, err
	}
	if err := c.write(signingKey, text); err != nil {
		return m, err
	}
	m.Key, err = s.Own()
	return m, err
}

// rootKey is the text of a root's private key, and where that lies.
func (s Store) rootKey(k Key, given KeyFile) (text []byte, path string, err error) {
	if k.Root == nil {
		return nil, "", &FlatError{k.Path}
	}
	if given.path != "" {
		return given.text, given.path, nil
	}
	for _, name := range []string{rootKey, offlineKey} {
		text, err := readSecret(s.Root, inside(name))
		if !errors.Is(err, fs.ErrNotExist) {
			return text, inside(name), err
		}
	}
	return nil, "", &NoRootKeyError{k.Root}
}

// follow is the file of the leaf that follows a key's.
func (r Rotation) follow(k Key, rootKey func() ([]byte, string, error)) ([]byte, error) {
	text, name, err := rootKey()
	if err != nil {
		return nil, err
	}
	root, err := signing.ParseKey(text, r.Passphrase)
	if err != nil {
		return nil, &Error{name, err}
	}
	if err := (&signing.Signer{Key: root, Certificate: k.Root}).Check(); err != nil {
		return nil, &Error{name, err}
	}
	passphrase, err := r.leafPassphrase(k)
	if err != nil {
		return nil, err
	}
	return r.leaf(k, root, passphrase)
}

// leafPassphrase encrypts the new leaf: that of the one before, if it had one.
func (r Rotation) leafPassphrase(k Key) ([]byte, error) {
	if r.Unattended || !k.Encrypted {
		return nil, nil
	}
	if _, err := signing.ParseKey(k.text, r.Passphrase); err != nil {
		return nil, &Error{k.Path, err}
	}
	return r.Passphrase, nil
}

func (r Rotation) leaf(k Key, root crypto.Signer, passphrase []byte) ([]byte, error) {
	key, err := signing.Generate(cmp.Or(r.Algorithm, algorithmOf(k.Certificate)))
	if err != nil {
		return nil, err
	}
	leaf, err := newLeaf(key.Public(), leafName(cmp.Or(r.Name, nameOf(signing.Name(k.Root))), r.Now, r.others), r.Days, r.Now, k.Root, root)
	if err != nil {
		return nil, err
	}
	return fileOf(key, passphrase, leaf, k.Root)
}

// algorithmOf is the one of signing.Algorithms that is like a certificate's key.
func algorithmOf(c *x509.Certificate) string {
	key, is := c.PublicKey.(*rsa.PublicKey)
	switch {
	case !is:
		return "ecdsa"
	case key.N.BitLen() > 3072:
		return "rsa4096"
	}
	return "rsa3072"
}

// HasRootKey reports whether the private key of a root is in the store.
func (s Store) HasRootKey() bool {
	for _, name := range []string{rootKey, offlineKey} {
		if _, err := s.Root.Lstat(inside(name)); err == nil {
			return true
		}
	}
	return false
}
