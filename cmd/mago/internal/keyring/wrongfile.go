package keyring

import (
	"bytes"
	"encoding/pem"
	"strings"

	"mago/debpkg/rooted"
	"mago/kbuild/signing"
)

// Wrong is what somebody has named in the place of a private key or a certificate.
type Wrong string

// What people name.
const (
	NoPrivateKey  Wrong = "no private key" // but a certificate
	Swapped       Wrong = "swapped"        // the certificate first
	SeveralKeys   Wrong = "several keys"
	PKCS12        Wrong = "PKCS #12"       // as Windows has keys
	NoCertificate Wrong = "no certificate" // but a private key
)

// WrongFileError is a file that cannot be imported as it is.
type WrongFileError struct {
	Wrong Wrong
	Path  string
	Other string // Swapped: the private key's file
}

func (e *WrongFileError) Error() string {
	switch e.Wrong {
	case NoPrivateKey:
		return "it is a certificate, and a private key is wanted"
	case Swapped:
		return "it is the certificate, and " + e.Other + " the private key: they are wanted the other way round"
	case SeveralKeys:
		return "it has more than one private key, and mago cannot tell which is meant"
	case NoCertificate:
		return e.Path + " is a private key, and its certificate is wanted"
	}
	return "it is a PKCS #12 file"
}

// checkKeyFile says why a file is not that of one private key, as far as people mistake them; other is what they name as its
// certificate, "" for nothing.
func checkKeyFile(path string, text []byte, other string) error {
	switch {
	case isPKCS12(text):
		return &WrongFileError{PKCS12, path, ""}
	case keysIn(text) > 1:
		return &WrongFileError{SeveralKeys, path, ""}
	case !isCertificate(text) || keysIn(text) > 0:
		return nil
	}
	if otherText, err := rooted.Root("/").ReadFile(other); err == nil && keysIn(otherText) > 0 {
		return &WrongFileError{Swapped, path, other}
	}
	return &WrongFileError{NoPrivateKey, path, ""}
}

// keysIn counts the private keys of a file: PEM blocks, or the one that DER is.
func keysIn(text []byte) (n int) {
	rest := text
	for block := (*pem.Block)(nil); ; {
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if strings.HasSuffix(block.Type, "PRIVATE KEY") {
			n++
		}
	}
	if n > 0 {
		return n
	}
	if _, err := signing.ParseKey(text, nil); err == nil || signing.IsEncrypted(text) {
		return 1
	}
	return 0
}

// isCertificate reports whether a file has a certificate, PEM or DER.
func isCertificate(text []byte) bool {
	_, err := signing.ParseCertificate(text)
	return err == nil
}

// isPKCS12 reports whether a file begins as a PFX of RFC 7292: a sequence of the number 3 and of PKCS #7 data, in DER or BER.
func isPKCS12(text []byte) bool {
	head := text[:min(len(text), 40)]
	return bytes.HasPrefix(head, []byte{0x30}) && bytes.Contains(head, []byte("\x02\x01\x03\x30")) &&
		bytes.Contains(head, []byte("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"))
}
