package esl

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
)

var (
	oidData   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidRSA    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidSHA256 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
)

// signature is a SignedData (RFC 2315, 9.1) without the ContentInfo around it, as the specification has it and sign-efi-sig-list
// writes it; not all firmware takes it with one.
type signature struct {
	Version      int
	Digests      []pkix.AlgorithmIdentifier `asn1:"set"`
	Content      struct{ Type asn1.ObjectIdentifier }
	Certificates asn1.RawValue
	Signers      []signer `asn1:"set"`
}

type signer struct {
	Version   int
	Issuer    issuer
	Digest    pkix.AlgorithmIdentifier
	Algorithm pkix.AlgorithmIdentifier
	Signature []byte
}

type issuer struct {
	Name   asn1.RawValue
	Serial *big.Int
}

// signedData signs data, which stays outside, with SHA-256 and no attributes; the signer's certificate is part of it.
func signedData(data []byte, key crypto.Signer, c *x509.Certificate) ([]byte, error) {
	if _, is := key.Public().(*rsa.PublicKey); !is {
		return nil, fmt.Errorf("sign a variable: a %s key; firmware takes only RSA keys", c.PublicKeyAlgorithm)
	}
	signed, err := key.Sign(rand.Reader, sum(crypto.SHA256, data), crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("sign a variable: %w", err)
	}
	sha256 := pkix.AlgorithmIdentifier{Algorithm: oidSHA256, Parameters: asn1.NullRawValue}
	s := signature{Version: 1, Digests: []pkix.AlgorithmIdentifier{sha256}, Certificates: asn1.RawValue{
		Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: c.Raw}}
	s.Content.Type = oidData
	s.Signers = []signer{{Version: 1, Issuer: issuer{asn1.RawValue{FullBytes: c.RawIssuer}, c.SerialNumber}, Digest: sha256,
		Algorithm: pkix.AlgorithmIdentifier{Algorithm: oidRSA, Parameters: asn1.NullRawValue}, Signature: signed}}
	return asn1.Marshal(s)
}
