package firmware

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"
)

// chain is a root and what it has signed, and keys that stand alone.
type chain struct{ root, leaf, other, flat, foreign, sha384 *x509.Certificate }

// certificates makes a chain.
func certificates(t testing.TB) chain {
	t.Helper()
	rootKey, root := issue(t, "mago root", true, x509.ECDSAWithSHA256, nil, nil)
	_, leaf := issue(t, "mago leaf 1", false, x509.ECDSAWithSHA256, root, rootKey)
	_, other := issue(t, "mago leaf 2", false, x509.ECDSAWithSHA256, root, rootKey)
	_, flat := issue(t, "DKMS module signing key", false, x509.ECDSAWithSHA256, nil, nil)
	_, foreign := issue(t, "somebody else", true, x509.ECDSAWithSHA256, nil, nil)
	_, sha384 := issue(t, "mago leaf 3", false, x509.ECDSAWithSHA384, root, rootKey)
	return chain{root, leaf, other, flat, foreign, sha384}
}

var lastSerial int64 = 0x7e

// issue makes a certificate that parent signs, or itself where there is none.
func issue(t testing.TB, name string, isCA bool, algorithm x509.SignatureAlgorithm, parent *x509.Certificate, by crypto.Signer) (crypto.Signer, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	lastSerial++
	id := []byte{byte(lastSerial), 1, 2, 3, 4, 5, 6, 7}
	c := &x509.Certificate{Subject: pkix.Name{CommonName: name, Organization: []string{"mago"}}, SerialNumber: big.NewInt(lastSerial),
		NotAfter: time.Unix(4e9, 0), IsCA: isCA, BasicConstraintsValid: true, SubjectKeyId: id, SignatureAlgorithm: algorithm}
	if parent == nil {
		parent, by = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return key, c
}
