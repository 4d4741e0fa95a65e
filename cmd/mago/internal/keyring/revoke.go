package keyring

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"path/filepath"

	"mago/kbuild/firmware/esl"
	"mago/kbuild/signing"
)

// Revoked is a certificate that mago signs nothing with any more.
type Revoked struct {
	Certificate *x509.Certificate
	DER         string // its file for mokutil, inside the root
	List        string // an EFI signature list with its hash, which Debian's kernels heed; inside the root
	Present     bool   // it is the key that signs
}

// UnknownError is a word that names no certificate of the store.
type UnknownError struct{ Word string }

func (e *UnknownError) Error() string {
	if e.Word == "" {
		return "mago has no retired key that is not revoked: name the certificate that is to be revoked"
	}
	return fmt.Sprintf("%q is neither a certificate's file nor %d or more digits of the fingerprint of one of mago's", e.Word, leastDigits)
}

// Revoke ends a certificate: that of a file, which is given, or that of a fingerprint; with neither the one which has retired last.
func (s Store) Revoke(ctx context.Context, file []byte, word string) (r Revoked, err error) {
	if r.Certificate, err = s.certificate(file, word); err != nil {
		return r, err
	}
	c, err := s.begin(ctx)
	if err != nil {
		return r, err
	}
	defer c.release()
	entry, err := esl.RevokedInMOKX(esl.Shim, r.Certificate)
	if err != nil {
		return r, err
	}
	list, der := filepath.Join(revoked, shortName(r.Certificate)+".esl"), filepath.Join(revoked, shortName(r.Certificate)+".der")
	if err := c.write(list, esl.Encode(entry)); err != nil {
		return r, err
	}
	if err := c.write(der, r.Certificate.Raw); err != nil { // from now on it is revoked
		return r, err
	}
	k, err := s.Own()
	r.DER, r.List, r.Present = inside(der), inside(list), err == nil && k.Certificate.Equal(r.Certificate)
	return r, nil
}

// certificate is the one that is meant.
func (s Store) certificate(file []byte, word string) (*x509.Certificate, error) {
	if file != nil {
		c, err := signing.ParseCertificate(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", word, err)
		}
		return c, nil
	}
	all, err := s.known()
	if err != nil {
		return nil, err
	}
	for _, o := range all {
		if word == "" && !o.Revoked && !o.Since.IsZero() || isFingerprint(word, o.Certificate) {
			return o.Certificate, nil
		}
	}
	return nil, &UnknownError{word}
}

// known are the retired certificates and, with no time, the present one.
func (s Store) known() ([]Retired, error) {
	all, err := s.Retired()
	if err != nil {
		return nil, err
	}
	k, err := s.Own()
	if err == nil {
		all = append(all, Retired{Certificate: k.Certificate})
	}
	if len(all) == 0 && err != nil && !errors.As(err, new(*Error)) {
		return nil, err
	}
	return all, nil
}

// others are the same for a new one, which may take the place of what cannot be read.
func (s Store) others() []Retired {
	all, _ := s.known()
	return all
}
