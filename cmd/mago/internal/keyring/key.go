// Package keyring has the keys that sign modules: it finds them where mago, dkms and shim-signed keep theirs, makes new ones, and
// says whether they may be used. How a module is signed is kbuild/signing's, and what a machine trusts kbuild/firmware's.
package keyring

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"time"

	"mago/debpkg/rooted"
	"mago/kbuild/signing"
	"mago/kbuild/signing/pkcs11"
)

// Key is a private key that signs modules, with its certificate. It is not opened: a passphrase may be needed for that.
type Key struct {
	Origin      Origin
	Path        string            // of the private key, inside the root; or a pkcs11: URI
	Certificate *x509.Certificate // of the key
	Root        *x509.Certificate // that issued the certificate; nil: it is self-signed, and enrolled itself
	Encrypted   bool
	Revoked     bool // by mago key revoke: it signs no more

	root rooted.Root
	text []byte // of the private key's file

	token     *pkcs11.Token // that has the private key; nil: a file has it
	pinSource string        // the file inside the root that has the token's PIN, "" where somebody is asked
}

// Origin says whose a key is.
type Origin string

// The origins of keys, in the order in which they are looked for.
const (
	Configured Origin = "configuration"
	Own        Origin = "mago"
	DKMS       Origin = "dkms"
	Shim       Origin = "shim-signed"
)

// Dir is mago's own directory of keys, inside the root. Only root may look into it.
const Dir = "/var/lib/mago/keys"

// Enrolled is the certificate that a machine has to trust: the root's, or that of a self-signed key.
func (k Key) Enrolled() *x509.Certificate {
	if k.Root != nil {
		return k.Root
	}
	return k.Certificate
}

// Chain is the key's certificate, and its root's where it has one.
func (k Key) Chain() []*x509.Certificate {
	if k.Root != nil {
		return []*x509.Certificate{k.Certificate, k.Root}
	}
	return []*x509.Certificate{k.Certificate}
}

// Signer opens the key. passphrase is for an encrypted one; the error is an *Error with a *signing.PassphraseError where it is missing
// or wrong, with a *pkcs11.Error where a token refuses, and with a *RevokedError where the key is revoked.
func (k Key) Signer(passphrase []byte) (*signing.Signer, error) {
	if k.Revoked {
		return nil, &Error{k.Path, &RevokedError{k.Certificate}}
	}
	key, err := k.open(passphrase)
	if err != nil {
		return nil, &Error{k.Path, err}
	}
	s := &signing.Signer{Key: key, Certificate: k.Certificate, Embedded: k.Root != nil}
	if err := s.Check(); err != nil {
		return nil, &Error{k.Path, err}
	}
	return s, nil
}

func (k Key) open(passphrase []byte) (crypto.Signer, error) {
	if k.token != nil {
		return k.private(passphrase)
	}
	return signing.ParseKey(k.text, passphrase)
}

// Error is a key that cannot be used.
type Error struct {
	Path string // of the key
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("the signing key %s: %v", e.Path, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// DateError is a certificate that is not valid at a time. Kernels do not look at the dates of a module's certificate; mago does, so
// that nobody goes on with a key that was meant to be renewed.
type DateError struct {
	Certificate *x509.Certificate
	Now         time.Time
}

func (e *DateError) Error() string {
	if e.Early() {
		return fmt.Sprintf("the certificate %s is valid from %s on: is the clock right?", signing.Name(e.Certificate), day(e.Certificate.NotBefore))
	}
	return fmt.Sprintf("the certificate %s expired on %s", signing.Name(e.Certificate), day(e.Certificate.NotAfter))
}

// Early reports whether the certificate is not valid yet.
func (e *DateError) Early() bool { return e.Now.Before(e.Certificate.NotBefore) }

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// CheckDates says that one of the key's certificates is not valid at a time; the error is an *Error with a *DateError.
func (k Key) CheckDates(now time.Time) error {
	if err := CheckDates(now, k.Chain()...); err != nil {
		return &Error{k.Path, err}
	}
	return nil
}

// CheckDates says that one of some certificates is not valid at a time; the error is a *DateError.
func CheckDates(now time.Time, chain ...*x509.Certificate) error {
	for _, c := range chain {
		if now.Before(c.NotBefore) || now.After(c.NotAfter) {
			return &DateError{c, now}
		}
	}
	return nil
}

// Soon is how long before its end a certificate's expiry is told.
const Soon = 90 * 24 * time.Hour

// Expires is when the first of the key's certificates ends.
func (k Key) Expires() time.Time {
	first := k.Certificate.NotAfter
	if k.Root != nil && k.Root.NotAfter.Before(first) {
		first = k.Root.NotAfter
	}
	return first
}
