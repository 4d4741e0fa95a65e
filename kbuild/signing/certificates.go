package signing

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"
)

// Algorithms are the kinds of keys that Generate makes, the usual one first.
var Algorithms = []string{"rsa3072", "rsa4096", "ecdsa"}

// Generate makes a private key of one of Algorithms. Kernels verify modules with RSA; with ECDSA, P-384, since 6.7.
func Generate(algorithm string) (crypto.Signer, error) {
	switch algorithm {
	case "rsa3072":
		return rsa.GenerateKey(rand.Reader, 3072)
	case "rsa4096":
		return rsa.GenerateKey(rand.Reader, 4096)
	case "ecdsa":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	}
	return nil, fmt.Errorf("no kind of key is called %q: there are rsa3072, rsa4096 and ecdsa", algorithm)
}

// oidModuleSigning is an extended key usage: shim boots nothing that a certificate with it has signed or issued, so that who has a
// key for modules has none for kernels (verify_eku of shim's shim.c).
var oidModuleSigning = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 2312, 16, 1, 2}

// Subject is what a certificate is made of beside its key.
type Subject struct {
	Name string
	From time.Time
	Days int
}

// Root makes the self-signed certificate of a key that signs certificates and no modules.
func Root(key crypto.Signer, s Subject) (*x509.Certificate, error) {
	c, err := s.certificate(key.Public())
	if err != nil {
		return nil, err
	}
	c.IsCA, c.MaxPathLenZero, c.KeyUsage = true, true, x509.KeyUsageCertSign
	return issue(c, c, key.Public(), key)
}

// Leaf makes the certificate of a public key that signs modules, issued by a root.
func Leaf(public crypto.PublicKey, s Subject, root *x509.Certificate, rootKey crypto.Signer) (*x509.Certificate, error) {
	c, err := s.signing(public)
	if err != nil {
		return nil, err
	}
	return issue(c, root, public, rootKey)
}

// Flat makes the self-signed certificate of a key that signs modules, as dkms has one.
func Flat(key crypto.Signer, s Subject) (*x509.Certificate, error) {
	c, err := s.signing(key.Public())
	if err != nil {
		return nil, err
	}
	return issue(c, c, key.Public(), key)
}

func (s Subject) signing(public crypto.PublicKey) (*x509.Certificate, error) {
	c, err := s.certificate(public)
	if err != nil {
		return nil, err
	}
	c.KeyUsage = x509.KeyUsageDigitalSignature
	return c, nil
}

func (s Subject) certificate(public crypto.PublicKey) (*x509.Certificate, error) {
	id, err := keyID(public)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126))
	if err != nil {
		return nil, err
	}
	return &x509.Certificate{
		SerialNumber: serial.SetBit(serial, 126, 1), Subject: pkix.Name{CommonName: s.Name}, SubjectKeyId: id,
		NotBefore: s.From, NotAfter: s.From.AddDate(0, 0, s.Days), BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}, UnknownExtKeyUsage: []asn1.ObjectIdentifier{oidModuleSigning},
	}, nil
}

// keyID is the key identifier of RFC 5280, 4.2.1.2 (1), by which kernels name keys.
func keyID(public crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		return nil, err
	}
	sum := sha1.Sum(info.Key.Bytes)
	return sum[:], nil
}

func issue(c, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, c, parent, public, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}
