package soak

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"mago/kbuild/signing"
)

// keys is where mago keeps the key that signs, and requests where modules wait for signatures of another machine's.
const (
	keys     = "/var/lib/mago/keys"
	requests = "/srv/requests"
)

// damagedKeys says what is wrong about the key: it opens, its root's private key is not lost and is what is to be enrolled, and
// nobody else can read any of it.
func (m *machine) damagedKeys(places) (all []finding) {
	if err := m.wholeKey(); err != nil {
		all = append(all, finding{lost, fmt.Sprintf("the key in %s: %v", keys, err)})
	}
	err := filepath.WalkDir(m.Path(keys), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			all = append(all, finding{escaped, fmt.Sprintf("others may read %s: %v", path, info.Mode())})
		}
		return err
	})
	if err != nil {
		all = append(all, finding{lost, err.Error()})
	}
	return all
}

// wholeKey opens the key and its root's.
func (m *machine) wholeKey() error {
	text, err := m.keyFile("signing.key")
	if err != nil {
		return err
	}
	chain, err := signing.ParseCertificates(text)
	if err != nil || len(chain) != 2 {
		return errors.Join(err, fmt.Errorf("%d certificates", len(chain)))
	}
	leaf, root := chain[0], chain[1]
	rootText, err := m.keyFile("offline/root.key")
	enrolled, err2 := m.keyFile("mok.der")
	if err := errors.Join(err, err2, opens(text, leaf), opens(rootText, root), leaf.CheckSignatureFrom(root)); err != nil {
		return err
	}
	if string(enrolled) != string(root.Raw) {
		return errors.New("mok.der is another root's")
	}
	return nil
}

// keyFile is a file as it counts: one that a change has made ready comes before one that lies there still.
func (m *machine) keyFile(name string) ([]byte, error) {
	text, err := os.ReadFile(m.Path(filepath.Join(keys, ".ready", name)))
	if errors.Is(err, fs.ErrNotExist) {
		text, err = os.ReadFile(m.Path(filepath.Join(keys, name)))
	}
	return text, err
}

// opens says that a private key is not a certificate's.
func opens(text []byte, c *x509.Certificate) error {
	key, err := signing.ParseKey(text, nil)
	if err != nil {
		return err
	}
	return (&signing.Signer{Key: key, Certificate: c}).Check()
}
