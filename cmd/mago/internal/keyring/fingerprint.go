package keyring

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"strings"
)

// Fingerprint is a certificate's SHA-1 as mokutil and the blue screen show it: bytes with colons between them.
func Fingerprint(c *x509.Certificate) string {
	sum := sha1.Sum(c.Raw)
	var pairs []string
	for _, b := range sum {
		pairs = append(pairs, hex.EncodeToString([]byte{b}))
	}
	return strings.Join(pairs, ":")
}

// SHA256 is a certificate's fingerprint in hexadecimal.
func SHA256(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// shortName is what a certificate's files are called.
func shortName(c *x509.Certificate) string { return SHA256(c)[:16] }

// leastDigits are how much of a fingerprint names a certificate.
const leastDigits = 8

// isFingerprint reports whether a word is the beginning of one of a certificate's fingerprints.
func isFingerprint(word string, c *x509.Certificate) bool {
	digits := strings.ToLower(strings.ReplaceAll(word, ":", ""))
	if len(digits) < leastDigits {
		return false
	}
	return strings.HasPrefix(SHA256(c), digits) || strings.HasPrefix(strings.ReplaceAll(Fingerprint(c), ":", ""), digits)
}
