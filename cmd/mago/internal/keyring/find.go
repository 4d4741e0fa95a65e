package keyring

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"

	"mago/debpkg/rooted"
	"mago/kbuild/signing"
	"mago/kbuild/signing/pkcs11"
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

// Find looks for the keys that nobody has named, mago's own first. What cannot be read is left out, but for mago's own: the error is
// an *Error. To an ordinary user there are none.
func Find(root rooted.Root) (keys []Key, err error) {
	for _, p := range places {
		k, err := p.find(root)
		switch {
		case err == nil:
			keys = append(keys, k)
		case p.origin == Own && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission):
			return nil, err
		}
	}
	return keys, nil
}

// Open reads the key of a path inside the root, and the certificate that lies in the same file, or beside it under the same name
// with another ending: .crt, .pem, .der, .pub or .cer. A root's certificate is root.crt in the same directory, if that has issued it. The error is an *Error.
func Open(root rooted.Root, path string) (Key, error) {
	p := place{Configured, path, "", filepath.Join(filepath.Dir(path), rootCert)}
	text, err := readSecret(root, path)
	if err != nil {
		return Key{}, &Error{path, err}
	}
	if all, err := signing.Certificates(text); err != nil || len(all) > 0 {
		return p.read(root)
	}
	if p.cert = besideKey(root, path); p.cert == "" {
		return Key{}, &Error{path, fmt.Errorf("there is no certificate of it: put it beside it as %s.crt", stemOf(path))}
	}
	return p.read(root)
}

// besideKey is the file of a key's certificate, "" where there is none.
func besideKey(root rooted.Root, path string) string {
	for _, ending := range []string{".crt", ".pem", ".der", ".pub", ".cer"} {
		if _, err := root.Stat(stemOf(path) + ending); err == nil && stemOf(path)+ending != path {
			return stemOf(path) + ending
		}
	}
	return ""
}

func stemOf(path string) string { return strings.TrimSuffix(path, filepath.Ext(path)) }

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

// readChain reads the certificates, which are in the key's own file or in those of the place.
func (k *Key) readChain(root rooted.Root, p place) error {
	all, err := signing.Certificates(k.text)
	if err == nil && len(all) == 0 {
		all, err = certificatesAt(root, p.cert)
	}
	if err != nil {
		return err
	}
	k.Certificate = all[0]
	if issuers, err := certificatesAt(root, p.root); err == nil {
		all = append(all, issuers...)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	k.Root = issuerOf(k.Certificate, all)
	return nil
}

// issuerOf is the certificate that has issued another one, nil where none of them has.
func issuerOf(of *x509.Certificate, all []*x509.Certificate) *x509.Certificate {
	for _, c := range all {
		if !of.Equal(c) && of.CheckSignatureFrom(c) == nil {
			return c
		}
	}
	return nil
}

// certificatesAt is the certificate of a file; the error is fs.ErrNotExist where there is none.
func certificatesAt(root rooted.Root, path string) ([]*x509.Certificate, error) {
	if path == "" {
		return nil, fs.ErrNotExist
	}
	c, err := readCertificate(root, path)
	return []*x509.Certificate{c}, err
}

func readCertificate(root rooted.Root, path string) (*x509.Certificate, error) {
	text, err := root.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c, err := signing.ParseCertificate(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// OpenToOthersError is a private key that others than its owner can read or write.
type OpenToOthersError struct {
	Path string
	Mode fs.FileMode
}

func (e *OpenToOthersError) Error() string {
	return fmt.Sprintf("%s has mode %04o, so that others than its owner have the key", e.Path, e.Mode)
}

// CheckClosed refuses a file with a private key or a passphrase that others can read or write. The error may be an *OpenToOthersError.
func CheckClosed(root rooted.Root, path string) error {
	info, err := root.Stat(path)
	if err != nil {
		return err
	}
	owner := info.Sys().(*syscall.Stat_t).Uid
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return &OpenToOthersError{path, mode}
	}
	if me := syscall.Geteuid(); owner != 0 && int(owner) != me {
		return fmt.Errorf("it belongs to the user %d, who has the key and may change it", owner)
	}
	return nil
}
