package keyring

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"

	"mago/kbuild/signing"
)

// certificates are those of a text of PEM blocks, in their order. What is not a certificate is passed over.
func certificates(text []byte) (all []*x509.Certificate, err error) {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return all, nil
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return all, fmt.Errorf("a certificate in it is damaged: %w", err)
		}
		all = append(all, c)
	}
}

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
