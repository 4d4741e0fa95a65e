package signing

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/youmark/pkcs8"
)

// PassphraseError is an encrypted key that was given no passphrase, or another than its own.
type PassphraseError struct{ Given bool }

func (e *PassphraseError) Error() string {
	if e.Given {
		return "the passphrase is not the key's"
	}
	return "the key is encrypted, and there is no passphrase for it"
}

// errLegacy is a key encrypted as OpenSSL did before version 1.0.0, whose MD5 one guesses passphrases quickly with.
var errLegacy = errors.New(`it is encrypted in OpenSSL's old way ("Proc-Type: 4,ENCRYPTED"): convert it with "openssl pkcs8 -topk8 -in OLD -out NEW"`)

// IsEncrypted reports whether a private key, PEM or DER, needs a passphrase.
func IsEncrypted(text []byte) bool {
	if block := keyBlock(text); block != nil {
		return block.Type == "ENCRYPTED PRIVATE KEY"
	}
	_, err := parseDER(text)
	return err != nil && bytes.Contains(text, []byte("\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d")) // PBES2 of RFC 8018
}

// ParseKey reads a private key, PEM or DER: PKCS #8, encrypted by PBES2 or not, PKCS #1 or SEC 1. The error is a *PassphraseError
// where the passphrase is missing or wrong.
func ParseKey(text, passphrase []byte) (crypto.Signer, error) {
	der := text
	if block := keyBlock(text); block != nil {
		if block.Headers["DEK-Info"] != "" {
			return nil, errLegacy
		}
		der = block.Bytes
	}
	if !IsEncrypted(text) {
		return parseDER(der)
	}
	if len(passphrase) == 0 {
		return nil, &PassphraseError{}
	}
	key, err := decrypt(der, passphrase)
	if err != nil {
		return nil, err
	}
	return asSigner(key)
}

// decrypt opens an encrypted key. A key of other bytes than a whole cipher's blocks has the library panic.
func decrypt(der, passphrase []byte) (key any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the encrypted key is damaged: %v", r)
		}
	}()
	key, _, err = pkcs8.ParsePrivateKey(der, passphrase)
	if err != nil && err.Error() == "pkcs8: incorrect password" {
		err = &PassphraseError{Given: true}
	}
	return key, err
}

// keyBlock is the first private key of a PEM text; nil where there is none.
func keyBlock(text []byte) *pem.Block {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil || bytes.HasSuffix([]byte(block.Type), []byte("PRIVATE KEY")) {
			return block
		}
	}
}

func parseDER(der []byte) (crypto.Signer, error) {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return asSigner(key)
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	return nil, errors.New("there is no private key in it, PEM or DER")
}

func asSigner(key any) (crypto.Signer, error) {
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errKind
	}
	return signer, nil
}

// iterations of PBKDF2 are what OWASP's password storage cheat sheet asks for with SHA-256.
const iterations = 600_000

// FormatKey writes a private key as PEM, PKCS #8; encrypted where the passphrase is not empty (PBES2, AES-256).
func FormatKey(key crypto.Signer, passphrase []byte) ([]byte, error) {
	der, err := pkcs8.MarshalPrivateKey(key, passphrase, &pkcs8.Opts{
		Cipher:  pkcs8.AES256CBC,
		KDFOpts: pkcs8.PBKDF2Opts{SaltSize: 16, IterationCount: iterations, HMACHash: crypto.SHA256},
	})
	kind := "PRIVATE KEY"
	if len(passphrase) > 0 {
		kind = "ENCRYPTED PRIVATE KEY"
	}
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), err
}

// ParseCertificate reads a certificate, PEM or DER.
func ParseCertificate(text []byte) (*x509.Certificate, error) {
	der := text
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" {
			der = block.Bytes
			break
		}
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("there is no certificate in it, PEM or DER: %w", err)
	}
	return c, nil
}

// ParseCertificates reads all certificates of a text of PEM blocks, one at least.
func ParseCertificates(text []byte) ([]*x509.Certificate, error) {
	all, err := Certificates(text)
	if err == nil && len(all) == 0 {
		err = errors.New("there is no certificate in it")
	}
	return all, err
}

// Certificates are those of a text of PEM blocks, in their order. What is not a certificate is passed over.
func Certificates(text []byte) (all []*x509.Certificate, err error) {
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
			return nil, fmt.Errorf("a certificate in it is damaged: %w", err)
		}
		all = append(all, c)
	}
}

// FormatCertificate writes a certificate as PEM.
func FormatCertificate(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}
