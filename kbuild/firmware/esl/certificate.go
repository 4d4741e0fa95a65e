package esl

import (
	"crypto"
	_ "crypto/sha256" // SHA-256 and its kin for TBSHash
	_ "crypto/sha512"
	"crypto/x509"
	"fmt"
	"time"
)

// Certificate is the entry that enrolls a certificate.
func Certificate(owner GUID, c *x509.Certificate) Entry {
	return Entry{Type: X509, Owner: owner, Data: c.Raw}
}

// TBSHash is the hash by which Linux knows a certificate that is revoked: of its TBSCertificate, with the algorithm that the
// certificate itself is signed with (crypto/asymmetric_keys/x509_public_key.c). It is nil for algorithms other than SHA-2.
func TBSHash(c *x509.Certificate) []byte {
	hash := hashOf(c.SignatureAlgorithm)
	if hash == 0 {
		return nil
	}
	return sum(hash, c.RawTBSCertificate)
}

// TBSHashes are all hashes by which a list may name a certificate: SHA-256, SHA-384 and SHA-512.
func TBSHashes(c *x509.Certificate) (all [][]byte) {
	for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		all = append(all, sum(hash, c.RawTBSCertificate))
	}
	return all
}

func hashOf(a x509.SignatureAlgorithm) crypto.Hash {
	switch a {
	case x509.SHA256WithRSA, x509.ECDSAWithSHA256, x509.SHA256WithRSAPSS:
		return crypto.SHA256
	case x509.SHA384WithRSA, x509.ECDSAWithSHA384, x509.SHA384WithRSAPSS:
		return crypto.SHA384
	case x509.SHA512WithRSA, x509.ECDSAWithSHA512, x509.SHA512WithRSAPSS:
		return crypto.SHA512
	}
	return 0
}

func sum(hash crypto.Hash, data []byte) []byte {
	h := hash.New()
	h.Write(data)
	return h.Sum(nil)
}

// RevokedInMOKX is the entry that revokes a certificate in shim's MokListX for Linux, which takes all of an entry of this type
// for the hash, so that the time which UEFI wants after it must be missing, and which heeds no other type
// (security/integrity/platform_certs/keyring_handler.c; Debian's have no CONFIG_SYSTEM_REVOCATION_LIST for whole certificates).
// shim's MokManager refuses to enroll it (is_valid_siglist, MokManager.c of 16.1): what writes variables before a machine
// starts, as virt-fw-vars does for virtual ones, can. Elsewhere only the removal of the root from MOK helps. The certificate
// must be signed with SHA-2.
func RevokedInMOKX(owner GUID, c *x509.Certificate) (Entry, error) {
	hash := TBSHash(c)
	if hash == nil {
		return Entry{}, fmt.Errorf("revoke %q: Linux knows no hash of a certificate signed with %s", c.Subject, c.SignatureAlgorithm)
	}
	return Entry{Type: X509SHA256, Owner: owner, Data: hash}, nil
}

// RevokedInDBX is the entry that revokes a certificate in dbx for the firmware, for all times or, where since is not zero, for
// what was signed later (UEFI 2.10, 32.4.1). Firmware takes it in this form only, in which Linux does not heed it: see
// RevokedInMOKX.
func RevokedInDBX(owner GUID, c *x509.Certificate, since time.Time) Entry {
	stamp := efiTime(since)
	return Entry{Type: X509SHA256, Owner: owner, Data: append(sum(crypto.SHA256, c.RawTBSCertificate), stamp[:]...)}
}
