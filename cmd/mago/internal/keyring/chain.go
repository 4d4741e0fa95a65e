package keyring

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"

	"mago/debpkg/rooted"
	"mago/kbuild/signing"
)

// readChain reads the certificates, which are in the key's own file or in those of the place.
func (k *Key) readChain(root rooted.Root, p place) error {
	all, err := signing.Certificates(k.text)
	if err == nil && len(all) == 0 {
		all, err = certificatesAt(root, p.cert)
	}
	if err != nil {
		return err
	}
	k.Certificate = all[0]
	if issuers, err := certificatesAt(root, p.root); err == nil {
		all = append(all, issuers...)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	k.Root = issuerOf(k.Certificate, all)
	return nil
}

// issuerOf is the certificate that has issued another one, nil where none of them has.
func issuerOf(of *x509.Certificate, all []*x509.Certificate) *x509.Certificate {
	for _, c := range all {
		if !of.Equal(c) && of.CheckSignatureFrom(c) == nil {
			return c
		}
	}
	return nil
}

// certificatesAt is the certificate of a file; the error is fs.ErrNotExist where there is none.
func certificatesAt(root rooted.Root, path string) ([]*x509.Certificate, error) {
	if path == "" {
		return nil, fs.ErrNotExist
	}
	c, err := readCertificate(root, path)
	return []*x509.Certificate{c}, err
}

func readCertificate(root rooted.Root, path string) (*x509.Certificate, error) {
	text, err := root.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c, err := signing.ParseCertificate(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}
