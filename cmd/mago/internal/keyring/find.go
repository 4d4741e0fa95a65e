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
	{Own, Dir + "/" + signingKey, Dir + "/" + signingCert, Dir + "/" + rootCert},
	{DKMS, "/var/lib/dkms/mok.key", "/var/lib/dkms/mok.pub", ""},
	{Shim, "/var/lib/shim-signed/mok/MOK.priv", "/var/lib/shim-signed/mok/MOK.der", ""},
}

// Find looks for the keys that nobody has named, mago's own first. What cannot be read is left out, but for mago's own: the error is
// an *Error. To an ordinary user there are none.
func Find(root rooted.Root) (keys []Key, err error) {
	for _, p := range places {
		k, err := p.read(root)
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
	p := place{origin: Configured, key: path, root: filepath.Join(filepath.Dir(path), rootCert)}
	text, err := root.ReadFile(path)
	if err != nil {
		return Key{}, &Error{path, err}
	}
	if _, err := signing.ParseCertificate(text); err == nil {
		p.cert = path
		return p.read(root)
	}
	stem := strings.TrimSuffix(path, filepath.Ext(path))
	for _, ending := range []string{".crt", ".pem", ".der", ".pub", ".cer"} {
		if _, err := root.Stat(stem + ending); err == nil && stem+ending != path {
			p.cert = stem + ending
			return p.read(root)
		}
	}
	return Key{}, &Error{path, fmt.Errorf("there is no certificate of it: put it beside it as %s.crt", stem)}
}

// read reads a key with its certificates.
func (p place) read(root rooted.Root) (k Key, err error) {
	k = Key{Origin: p.origin, Path: p.key, root: root}
	defer func() {
		if err != nil {
			err = &Error{p.key, err}
		}
	}()
	if k.text, err = root.ReadFile(p.key); err != nil {
		return k, err
	}
	if err := checkClosed(root, p.key); err != nil {
		return k, err
	}
	if k.Certificate, err = readCertificate(root, p.cert); err != nil {
		return k, err
	}
	if p.root != "" {
		k.Root, err = issuer(root, p.root, k.Certificate)
	}
	k.Encrypted = signing.IsEncrypted(k.text)
	return k, err
}

// issuer is the certificate that lies at a path, where it has issued another one; nil where it has not, or nothing lies there.
func issuer(root rooted.Root, path string, of *x509.Certificate) (*x509.Certificate, error) {
	c, err := readCertificate(root, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil || of.CheckSignatureFrom(c) != nil || of.Equal(c) {
		return nil, err
	}
	return c, nil
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

// Hint is the command that mends it.
func (e *OpenToOthersError) Hint() string { return `run "chmod 600 ` + e.Path + `"` }

// checkClosed refuses a private key that others can read or write.
func checkClosed(root rooted.Root, path string) error {
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
