package keyring

import (
	"cmp"
	"context"
	"errors"
	"time"

	"mago/kbuild/signing"
	"mago/kbuild/signing/coredump"
)

// New is a key that is to be made.
type New struct {
	Flat       bool   // one self-signed key, and no root
	Algorithm  string // one of signing.Algorithms; "" is the first
	Name       string // "" is UsualName's
	Days       int    // that the certificate of the key which signs is valid; 0 is five years, of a flat one thirty
	Passphrase []byte // that encrypts it; empty: none
	Unattended bool   // the passphrase encrypts the root's key only
	RootKey    string // a path of this process where the root's private key goes; "" is a file of the store
	Again      bool   // also where there is a key, which is kept below old
	Now        time.Time

	others []Retired
}

// Made is what a change of the store has made.
type Made struct {
	Key     Key
	RootKey string // where the root's private key lies: inside the root, or where New.RootKey says; "" where it was not made
	Kept    string // the directory of the key before, inside the root
}

// New makes a key. The error is an *ExistsError where there is one and another is not asked for.
func (s Store) New(ctx context.Context, n New) (m Made, err error) {
	n.Name, n.Algorithm = cmp.Or(n.Name, UsualName(s.Root)), cmp.Or(n.Algorithm, signing.Algorithms[0])
	c, err := s.begin(ctx)
	if err != nil {
		return m, err
	}
	defer c.release()
	if err := errors.Join(s.CheckFree(n.Again), coredump.Off()); err != nil {
		return m, err
	}
	n.others = s.others()
	files, err := n.files()
	if err != nil {
		return m, err
	}
	return s.install(c, files, n.RootKey)
}

// CheckFree says with an *ExistsError that New would find a key there and put none in its place. Another process may make one since.
func (s Store) CheckFree(again bool) error {
	if again || !s.hasKey() {
		return nil
	}
	k, err := s.Own()
	if err != nil {
		return &ExistsError{Path: inside(signingKey)}
	}
	return &ExistsError{inside(signingKey), k.Certificate, k.Root == nil}
}

// hasKey reports whether there is a private key, with or without a certificate.
func (s Store) hasKey() bool {
	_, err1 := s.Root.Lstat(inside(signingKey))
	_, err2 := s.Root.Lstat(inside(ready, signingKey))
	return err1 == nil || err2 == nil
}

// install makes files the key and keeps those of the one before. A root's private key that goes to a path of its own is written
// first: nothing is a key whose root is lost.
func (s Store) install(c *change, files map[string][]byte, elsewhere string) (m Made, err error) {
	m.RootKey = rootPlace(files)
	if elsewhere != "" && m.RootKey != "" {
		if err := exportKey(elsewhere, files[m.RootKey]); err != nil {
			return m, err
		}
		delete(files, m.RootKey)
		m.RootKey = elsewhere
	} else if m.RootKey != "" {
		m.RootKey = inside(m.RootKey)
	}
	if m.Kept, err = c.keep(s.presentName()); err != nil {
		return m, err
	}
	if m.Kept != "" {
		m.Kept = inside(m.Kept)
	}
	if err := c.replace(files); err != nil {
		return m, err
	}
	m.Key, err = s.Own()
	return m, err
}

// rootPlace is the file of a root's private key, "" for none.
func rootPlace(files map[string][]byte) string {
	for _, name := range []string{rootKey, offlineKey} {
		if files[name] != nil {
			return name
		}
	}
	return ""
}

// presentName is what the directory is called that keeps the present key.
func (s Store) presentName() string {
	if k, err := s.Own(); err == nil {
		return shortName(k.Certificate)
	}
	return "unknown"
}

// Own is the store's key. The error is an *Error with fs.ErrNotExist where there is none.
func (s Store) Own() (Key, error) { return places[0].find(s.Root) }
