package signing

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"slices"
	"testing"
)

func TestVerify(t *testing.T) {
	_, leaf := pair(t, "rsa3072")
	for _, s := range []*Signer{leaf, signerOf(t, "rsa"), signerOf(t, "ec")} {
		sum, err := Digest(bytes.NewReader(read(t, "module.ko")), crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		message, err := s.Message(sum, crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		if err := Verify(message, sum, crypto.SHA256, s.Certificate); err != nil {
			t.Errorf("%s: %v", Name(s.Certificate), err)
		}
		flipped := slices.Clone(message)
		flipped[len(flipped)-1] ^= 1
		for name, err := range map[string]error{
			"another module": Verify(message, make([]byte, 32), crypto.SHA256, s.Certificate),
			"another hash":   Verify(message, sum, crypto.SHA512, s.Certificate),
			"a changed byte": Verify(flipped, sum, crypto.SHA256, s.Certificate),
			"more behind it": Verify(append(slices.Clone(message), 0), sum, crypto.SHA256, s.Certificate),
			"cut":            Verify(message[:len(message)-1], sum, crypto.SHA256, s.Certificate),
			"nothing":        Verify(nil, sum, crypto.SHA256, s.Certificate),
			"another's":      Verify(message, sum, crypto.SHA256, otherThan(t, s)),
		} {
			if err == nil {
				t.Errorf("%s: %s is taken", Name(s.Certificate), name)
			}
		}
	}
}

func otherThan(t *testing.T, s *Signer) *x509.Certificate {
	t.Helper()
	if other := signerOf(t, "rsa").Certificate; !other.Equal(s.Certificate) {
		return other
	}
	return signerOf(t, "ec").Certificate
}
