//go:build e2e

package e2e

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"slices"
	"testing"
	"time"

	"mago/kbuild/signing"
)

// signer signs modules, or issues certificates, as mago itself would not.
type signer struct {
	signing.Signer
	issuer *x509.Certificate // nil: it has issued its own
}

func newKey(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := signing.Generate("rsa3072")
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// named is the subject of a certificate that is valid.
func named(name string) signing.Subject {
	return signing.Subject{Name: name, From: time.Now().Add(-time.Hour), Days: 365}
}

func newRoot(t *testing.T, name string) signer {
	t.Helper()
	key := newKey(t)
	certificate, err := signing.Root(key, named(name))
	if err != nil {
		t.Fatal(err)
	}
	return signer{Signer: signing.Signer{Key: key, Certificate: certificate}}
}

// leaf is a new key whose certificate the root has issued.
func (s signer) leaf(t *testing.T, name string) signer {
	t.Helper()
	key := newKey(t)
	certificate, err := signing.Leaf(key.Public(), named(name), s.Certificate, s.Key)
	if err != nil {
		t.Fatal(err)
	}
	return signer{signing.Signer{Key: key, Certificate: certificate, Embedded: true}, s.Certificate}
}

// chain is the certificate, and its issuer's.
func (s signer) chain() []*x509.Certificate {
	if s.issuer == nil {
		return []*x509.Certificate{s.Certificate}
	}
	return []*x509.Certificate{s.Certificate, s.issuer}
}

// bare has the same key leave its certificate out.
func (s signer) bare() signer {
	s.Embedded = false
	return s
}

// sign gives a signed copy of a module.
func (s signer) sign(t *testing.T, module []byte) []byte {
	t.Helper()
	signature, err := s.Sign(bytes.NewReader(module), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat(module, signature)
}
