package keyring

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"mago/debpkg/rooted"
	"mago/kbuild/signing"
)

// Import is a key that somebody has, of which the store is to have a copy.
type Import struct {
	Key         KeyFile
	Certificate string // a path of this process; "" where it is in the key's file or beside it
	Root        string // of the root's certificate, where it is in neither of them; "" for none
	Passphrase  []byte // of the key; the copy has the same, unless Unattended says otherwise
	Unattended  bool   // the copy is not encrypted
	Again       bool   // also where there is a key, which is kept below old
	Now         time.Time
}

// Import copies a key into the store. The error is an *ExistsError where there is one and another is not asked for, and an *Error where
// the key cannot be used.
func (s Store) Import(ctx context.Context, i Import) (m Made, err error) {
	files, err := i.files()
	if err != nil {
		return m, err
	}
	c, err := s.begin(ctx)
	if err != nil {
		return m, err
	}
	defer c.release()
	if err := s.CheckFree(i.Again); err != nil {
		return m, err
	}
	return s.install(c, files, "")
}

// files are those of the copy, which has been checked as a whole.
func (i Import) files() (map[string][]byte, error) {
	k, err := i.read()
	if err != nil {
		return nil, &Error{i.Key.path, err}
	}
	signer, err := k.Signer(i.Passphrase)
	if err != nil {
		return nil, err
	}
	if err := k.CheckDates(i.Now); err != nil {
		return nil, err
	}
	if i.Unattended || !k.Encrypted {
		i.Passphrase = nil
	}
	text, err := fileOf(signer.Key, i.Passphrase, k.Chain()...)
	return map[string][]byte{signingKey: text, mokCert: k.Enrolled().Raw}, err
}

// read reads the key with its certificates. Who may read the original does not matter.
func (i Import) read() (k Key, err error) {
	k = Key{Path: i.Key.path, text: i.Key.text}
	if err := checkKeyFile(i.Key.path, k.text, i.Certificate); err != nil {
		return k, err
	}
	all, err := i.chain(k.text)
	if err != nil {
		return k, err
	}
	k.Certificate, k.Encrypted = all[0], signing.IsEncrypted(k.text)
	k.Root = issuerOf(k.Certificate, all)
	if i.Root != "" && k.Root == nil {
		return k, fmt.Errorf("%s has not issued the certificate %s", i.Root, signing.Name(k.Certificate))
	}
	return k, nil
}

// chain are the certificates of the key, its own first.
func (i Import) chain(text []byte) ([]*x509.Certificate, error) {
	all, err := i.certificates(text)
	if err != nil || i.Root == "" {
		return all, err
	}
	root, err := readCertificate("/", i.Root)
	return append(all, root), err
}

func (i Import) certificates(text []byte) ([]*x509.Certificate, error) {
	path := i.Certificate
	if path == "" {
		if all, err := signing.Certificates(text); err != nil || len(all) > 0 {
			return all, err
		}
		path = besideKey("/", i.Key.path)
	}
	if path == "" {
		return nil, errors.New("there is no certificate of it in its file or beside it: name one behind it")
	}
	text, err := rooted.Root("/").ReadFile(path)
	if err != nil {
		return nil, err
	}
	if all, err := signing.Certificates(text); err != nil || len(all) > 0 {
		return all, err
	}
	c, err := readCertificate("/", path)
	if err != nil && keysIn(text) > 0 {
		err = &WrongFileError{NoCertificate, path, ""}
	}
	return []*x509.Certificate{c}, err
}
