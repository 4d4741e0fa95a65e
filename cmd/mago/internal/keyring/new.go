package keyring

import (
	"cmp"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"mago/kbuild/signing"
	"mago/kbuild/signing/coredump"
)

// The usual lives of certificates, in days.
const (
	leafDays = 5 * 365
	rootDays = 30 * 365
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
	if err := errors.Join(s.free(c, n.Again), coredump.Off()); err != nil {
		return m, err
	}
	files, err := n.files()
	if err != nil {
		return m, err
	}
	return s.install(c, files, n.RootKey)
}

// CheckFree says with an *ExistsError that New would find a key there and put none in its place. Another process may make one since.
func (s Store) CheckFree(again bool) error {
	k, err := s.Own()
	switch {
	case again || errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return &ExistsError{Path: inside(signingKey)}
	}
	return &ExistsError{inside(signingKey), k.Certificate, k.Root == nil}
}

// free refuses to put another key in the place of one, unless that is asked for.
func (s Store) free(c *change, again bool) error {
	if again || !c.has(signingKey) {
		return nil
	}
	k, err := s.Own()
	if err != nil {
		return &ExistsError{Path: inside(signingKey)}
	}
	return &ExistsError{inside(signingKey), k.Certificate, k.Root == nil}
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

// files are those of a new key.
func (n New) files() (map[string][]byte, error) {
	key, err := signing.Generate(n.Algorithm)
	if err != nil {
		return nil, err
	}
	if n.Flat {
		return n.flatFiles(key)
	}
	root, err := signing.Generate(n.Algorithm)
	if err != nil {
		return nil, err
	}
	rootCert, err := signing.Root(root, signing.Subject{Name: rootName(n.Name), From: n.Now, Days: rootDays})
	if err != nil {
		return nil, err
	}
	leaf, err := newLeaf(key.Public(), n.Name, n.Days, n.Now, rootCert, root)
	if err != nil {
		return nil, err
	}
	return n.twoFiles(key, root, leaf, rootCert)
}

func (n New) flatFiles(key crypto.Signer) (map[string][]byte, error) {
	c, err := signing.Flat(key, signing.Subject{Name: n.Name, From: n.Now, Days: cmp.Or(n.Days, rootDays)})
	if err != nil {
		return nil, err
	}
	text, err := fileOf(key, n.Passphrase, c)
	return map[string][]byte{signingKey: text, mokCert: c.Raw}, err
}

// twoFiles are those of a leaf and a root. A root's key without a passphrase lies apart: whoever has both could make leaves for ever.
func (n New) twoFiles(key, root crypto.Signer, leaf, rootCert *x509.Certificate) (map[string][]byte, error) {
	ofLeaf, ofRoot := n.Passphrase, rootKey
	if n.Unattended {
		ofLeaf = nil
	}
	if len(n.Passphrase) == 0 {
		ofRoot = offlineKey
	}
	leafText, err := fileOf(key, ofLeaf, leaf, rootCert)
	if err != nil {
		return nil, err
	}
	rootText, err := fileOf(root, n.Passphrase, rootCert)
	return map[string][]byte{signingKey: leafText, ofRoot: rootText, mokCert: rootCert.Raw}, err
}

// newLeaf is a certificate of a key that signs modules, which does not outlive its root.
func newLeaf(public crypto.PublicKey, name string, days int, now time.Time, root *x509.Certificate, rootKey crypto.Signer) (*x509.Certificate, error) {
	days = cmp.Or(days, leafDays)
	if end := now.AddDate(0, 0, days); end.After(root.NotAfter) {
		return nil, fmt.Errorf("a certificate of %d days would outlive that of its root, which ends on %s", days, day(root.NotAfter))
	}
	return signing.Leaf(public, signing.Subject{Name: leafName(name, now), From: now, Days: days}, root, rootKey)
}
