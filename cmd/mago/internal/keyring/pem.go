package keyring

import (
	"crypto"
	"crypto/x509"
	"slices"

	"mago/kbuild/signing"
)

// fileOf is a file with a private key and certificates.
func fileOf(key crypto.Signer, passphrase []byte, chain ...*x509.Certificate) ([]byte, error) {
	text, err := signing.FormatKey(key, passphrase)
	if err != nil {
		return nil, err
	}
	for _, c := range chain {
		text = slices.Concat(text, signing.FormatCertificate(c))
	}
	return text, nil
}
