package soak

import (
	"context"
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

// secretFile is the file of the passphrase that some of the keys are encrypted with, which the configuration names.
const secretFile = "/root/secret"

const secretWord = "SECRET-OF-SOAK"

// giveSecret writes the passphrase, and has the configuration name it.
func (m *machine) giveSecret() error {
	return errors.Join(os.WriteFile(m.Path(secretFile), []byte(secretWord+"\n"), 0o600), os.MkdirAll(m.Path("/etc/mago"), 0o755),
		os.WriteFile(m.Path("/etc/mago/mago.conf"), []byte("Passphrase-File: "+secretFile+"\n"), 0o644))
}

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
	enrolled, err := m.keyFile("mok.der")
	if err := errors.Join(err, opens(text, leaf), m.wholeRoot(root), leaf.CheckSignatureFrom(root)); err != nil {
		return err
	}
	if string(enrolled) != string(root.Raw) {
		return errors.New("mok.der is another root's")
	}
	return nil
}

// wholeRoot opens a root's private key: where a key has it, or where mago has kept it before an import, which brings none.
func (m *machine) wholeRoot(root *x509.Certificate) error {
	err := errors.New("its root has no private key")
	for _, pattern := range []string{"/.ready/root.key", "/.ready/offline/root.key", "/root.key", "/offline/root.key", "/old/*/root.key", "/old/*/offline-root.key"} {
		for _, file := range m.glob(keys + pattern) {
			if text, failed := os.ReadFile(file); failed == nil && len(text) > 0 {
				if err = opens(text, root); err == nil {
					return nil
				}
			}
		}
	}
	return err
}

// withRoot has a key with its root's private key, which an import takes away.
func (m *machine) withRoot(ctx context.Context) error {
	for _, file := range []string{"root.key", "offline/root.key"} {
		if _, err := m.keyFile(file); err == nil {
			return nil
		}
	}
	return m.succeed(ctx, m.arguments("key", "new", "-f")...)
}

// toRevoke has two leaves that have retired, so that there is one still for the second of two commands.
func (m *machine) toRevoke(ctx context.Context) error {
	rotate := m.arguments("key", "rotate")
	return errors.Join(m.withRoot(ctx), m.succeed(ctx, rotate...), m.succeed(ctx, rotate...))
}

// imported is a file with a leaf, and what mago is told to import it.
const imported = "/root/import.pem"

var importing = []string{"key", "import", "-f", "--passphrase-file", secretFile, imported}

// toImport has a key whose leaf somebody has elsewhere, too.
func (m *machine) toImport(ctx context.Context) error {
	if err := m.withRoot(ctx); err != nil {
		return err
	}
	text, err := m.keyFile("signing.key")
	return errors.Join(err, os.WriteFile(m.Path(imported), text, 0o600))
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
	key, err := signing.ParseKey(text, []byte(secretWord))
	if err != nil {
		return err
	}
	return (&signing.Signer{Key: key, Certificate: c}).Check()
}
