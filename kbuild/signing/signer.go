// Package signing signs kernel modules as the kernel's scripts/sign-file does, in mago itself: a detached CMS signature (RFC 5652)
// without attributes, followed by the trailer that the kernel looks for (module-signing.rst). It reads the keys and certificates for
// that; who may see a key, and where it lies, is left to others.
package signing

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
)

// Signer signs modules with one key. The same key, certificate and module give the same bytes: RSA signs by PKCS #1 v1.5, and ECDSA
// by RFC 6979, as Go's own keys do when they are given no source of random numbers.
type Signer struct {
	Key         crypto.Signer
	Certificate *x509.Certificate // of Key
	Embedded    bool              // whether signatures hold the certificate, which a kernel that only knows its issuer needs
}

// Sign gives what is to be appended to a module: its signature and the trailer.
func (s *Signer) Sign(module io.Reader, hash crypto.Hash) ([]byte, error) {
	sum, err := Digest(module, hash)
	if err != nil {
		return nil, err
	}
	message, err := s.Message(sum, hash)
	if err != nil {
		return nil, err
	}
	return WithTrailer(message), nil
}

// Message is the CMS message that signs a module of that digest.
func (s *Signer) Message(sum []byte, hash crypto.Hash) ([]byte, error) {
	algorithms, err := algorithmsOf(s.Certificate, hash)
	if err != nil {
		return nil, err
	}
	signature, err := s.Key.Sign(nil, sum, hash)
	if err != nil {
		return nil, fmt.Errorf("sign with the key of %s: %w", Name(s.Certificate), err)
	}
	return s.message(algorithms, signature)
}

// Check says why the key cannot be the certificate's, nil where it is.
func (s *Signer) Check() error {
	public, ok := s.Key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(s.Certificate.PublicKey) {
		return fmt.Errorf("the key is not that of the certificate %s", Name(s.Certificate))
	}
	return nil
}

// Digest is the hash of a module's bytes, up to its signature.
func Digest(module io.Reader, hash crypto.Hash) ([]byte, error) {
	if !hash.Available() {
		return nil, fmt.Errorf("the hash %s is not in this program", hash)
	}
	sum := hash.New()
	_, err := io.Copy(sum, module)
	return sum.Sum(nil), err
}

// HashError is a hash that a kernel's configuration names and that modules cannot be signed with here.
type HashError struct{ Name string }

func (e *HashError) Error() string {
	return fmt.Sprintf("the kernel wants modules signed with the hash %q (CONFIG_MODULE_SIG_HASH), which mago does not know", e.Name)
}

// Hash is the one that CONFIG_MODULE_SIG_HASH names; "" is sha256, which a kernel without that option knows, too. The error is a
// *HashError.
func Hash(name string) (crypto.Hash, error) {
	for hash, a := range hashes {
		if a.name == name || name == "" && hash == crypto.SHA256 {
			return hash, nil
		}
	}
	return 0, &HashError{name}
}

// HashName is what CONFIG_MODULE_SIG_HASH calls a hash.
func HashName(hash crypto.Hash) string { return hashes[hash].name }

// Strength names the kind of a certificate's key: RSA-3072, ECDSA-P-384.
func Strength(c *x509.Certificate) string {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA-%d", key.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA-" + key.Curve.Params().Name
	}
	return c.PublicKeyAlgorithm.String()
}

// Name is what people call a certificate.
func Name(c *x509.Certificate) string {
	if c.Subject.CommonName != "" {
		return c.Subject.CommonName
	}
	return c.Subject.String()
}

var errKind = errors.New("only RSA and ECDSA keys sign modules")
