package keyring

import (
	"crypto"
	"fmt"

	"mago/debpkg/rooted"
	"mago/kbuild/signing/pkcs11"
)

// Named opens the key that somebody has named: a path inside the root, or the pkcs11: URI of one on a token of this machine, whose
// module is never the root's. The error is an *Error, of a token with a *pkcs11.URIError or *pkcs11.Error.
func Named(root rooted.Root, tokens pkcs11.Helper, name string) (Key, error) {
	if !pkcs11.IsURI(name) {
		return Open(root, name)
	}
	k := Key{Origin: Configured, Path: pkcs11.Shown(name), root: root}
	uri, err := pkcs11.Parse(name)
	if err == nil {
		k.pinSource = uri.PINSource
		k.token, err = tokens.Open(uri)
	}
	if err != nil {
		return k, &Error{k.Path, err}
	}
	k.describe()
	return k, nil
}

// describe says of a token's key what is known of one in a file. Its root's certificate is on the token, or is that of mago's own root.
func (k *Key) describe() {
	issuers := k.token.Others
	if own, err := certificatesAt(k.root, inside(mokCert)); err == nil {
		issuers = append(issuers, own...)
	}
	k.Certificate, k.Root = k.token.Certificate, issuerOf(k.token.Certificate, issuers)
	k.Encrypted = k.token.PIN == pkcs11.PINAsked && k.pinSource == ""
	k.Revoked = isRevoked(k.root, k.Certificate)
}

// Secret is what opens the key, as somebody is asked for it.
func (k Key) Secret() string {
	if k.token != nil {
		return "PIN of the token " + k.token.Name()
	}
	return "passphrase of " + k.Path
}

// private opens the private key of a token; pin is empty where the key's URI says where it is, or the token wants none.
func (k Key) private(pin []byte) (crypto.Signer, error) {
	if k.pinSource == "" {
		return k.token.Login(pin)
	}
	if err := CheckClosed(k.root, k.pinSource); err != nil {
		return nil, fmt.Errorf("the PIN: %w", err)
	}
	pin, err := PassphraseIn(k.root, k.pinSource)
	if err != nil {
		return nil, fmt.Errorf("the PIN: %w", err)
	}
	defer clear(pin)
	return k.token.Login(pin)
}
