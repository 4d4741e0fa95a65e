package signing

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
)

// Verify says why a CMS message is not what a Signer with that certificate gives for a module of that digest, nil where it is.
func Verify(message, sum []byte, hash crypto.Hash, c *x509.Certificate) error {
	value, err := valueOf(message)
	if err != nil {
		return err
	}
	algorithms, err := algorithmsOf(c, hash)
	if err != nil {
		return err
	}
	selfSigned := bytes.Equal(c.RawIssuer, c.RawSubject)
	for _, embedded := range []bool{true, false} {
		if !embedded && !selfSigned {
			continue // a machine that knows its issuer alone could not find it
		}
		again, err := (&Signer{Certificate: c, Embedded: embedded}).message(algorithms, value)
		if err == nil && bytes.Equal(again, message) {
			return verify(c, sum, hash, value)
		}
	}
	return fmt.Errorf("it is not a signature by %s with %s as mago makes them", Name(c), hash)
}

func verify(c *x509.Certificate, sum []byte, hash crypto.Hash, value []byte) error {
	good := false
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		good = rsa.VerifyPKCS1v15(key, hash, sum, value) == nil
	case *ecdsa.PublicKey:
		good = ecdsa.VerifyASN1(key, sum, value)
	}
	if !good {
		return errors.New("the signature is not good for this module")
	}
	return nil
}

// valueOf is the signature itself of a message, its last field.
func valueOf(message []byte) ([]byte, error) {
	fields, err := signedFields(message)
	if err != nil {
		return nil, err
	}
	var signer signerInfo
	if _, err := asn1.Unmarshal(fields[len(fields)-1].Bytes, &signer); err != nil {
		return nil, fmt.Errorf("the signer of a module's signature: %w", err)
	}
	return signer.Signature, nil
}
