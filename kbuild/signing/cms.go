package signing

import (
	"crypto"
	"crypto/rsa"
	_ "crypto/sha1" // the hashes that kernels name
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"

	"crypto/ecdsa"
)

// Object identifiers of RFC 5652 (data, signed data), RFC 8017 (RSA), RFC 5758 and RFC 3279 (ECDSA), RFC 5754 and RFC 3370 (hashes).
var (
	oidData       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidRSA        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}

	hashes = map[crypto.Hash]struct {
		name          string // as CONFIG_MODULE_SIG_HASH has it
		digest, ecdsa asn1.ObjectIdentifier
	}{
		crypto.SHA1:   {"sha1", asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1}},
		crypto.SHA224: {"sha224", asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 4}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 1}},
		crypto.SHA256: {"sha256", asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}},
		crypto.SHA384: {"sha384", asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}},
		crypto.SHA512: {"sha512", asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}},
	}
)

// algorithms are how a digest was made and signed.
type algorithms struct{ digest, signature pkix.AlgorithmIdentifier }

func algorithmsOf(c *x509.Certificate, hash crypto.Hash) (a algorithms, err error) {
	known, ok := hashes[hash]
	if !ok {
		return a, &HashError{hash.String()}
	}
	a.digest.Algorithm = known.digest
	switch c.PublicKey.(type) {
	case *rsa.PublicKey:
		a.signature = pkix.AlgorithmIdentifier{Algorithm: oidRSA, Parameters: asn1.NullRawValue}
	case *ecdsa.PublicKey:
		a.signature.Algorithm = known.ecdsa
	default:
		err = errKind
	}
	return a, err
}

// contentInfo and what follows are RFC 5652's, as far as a signature without attributes needs them.
type contentInfo struct {
	ContentType asn1.ObjectIdentifier
	Content     signedData `asn1:"explicit,tag:0"`
}

type signedData struct {
	Version          int
	DigestAlgorithms []pkix.AlgorithmIdentifier `asn1:"set"`
	EncapContentInfo struct{ ContentType asn1.ObjectIdentifier }
	Certificates     asn1.RawValue `asn1:"optional"`
	SignerInfos      []signerInfo  `asn1:"set"`
}

type signerInfo struct {
	Version            int
	SID                issuerAndSerial
	DigestAlgorithm    pkix.AlgorithmIdentifier
	SignatureAlgorithm pkix.AlgorithmIdentifier
	Signature          []byte
}

type issuerAndSerial struct {
	Issuer asn1.RawValue
	Serial *big.Int
}

// message is the CMS message of a signature. It names its certificate by issuer and serial number, as sign-file has it.
func (s *Signer) message(a algorithms, signature []byte) ([]byte, error) {
	data := signedData{
		Version:          1,
		DigestAlgorithms: []pkix.AlgorithmIdentifier{a.digest},
		SignerInfos: []signerInfo{{
			Version:            1,
			SID:                issuerAndSerial{asn1.RawValue{FullBytes: s.Certificate.RawIssuer}, s.Certificate.SerialNumber},
			DigestAlgorithm:    a.digest,
			SignatureAlgorithm: a.signature,
			Signature:          signature,
		}},
	}
	data.EncapContentInfo.ContentType = oidData
	if s.Embedded {
		data.Certificates = asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: s.Certificate.Raw}
	}
	return asn1.Marshal(contentInfo{oidSignedData, data})
}
