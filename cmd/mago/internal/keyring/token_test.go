package keyring

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"

	"mago/kbuild/signing"
	"mago/kbuild/signing/pkcs11"
)

// withToken is what talks to a token that has a store's leaf in place of its file, and wants the PIN 1234. given are the PINs it got.
func withToken(t *testing.T, s Store) (h pkcs11.Helper, given *[]string) {
	t.Helper()
	leaf := made(t, s, New{Algorithm: "rsa3072", Now: now}).Key
	if err := os.Remove(host(t, s, inside(signingKey))); err != nil {
		t.Fatal(err)
	}
	key, err := signing.ParseKey(leaf.text, nil)
	if err != nil {
		t.Fatal(err)
	}
	given = new([]string)
	serve := func(cmd *exec.Cmd) error {
		for {
			var q pkcs11.Request
			if pkcs11.ReadMessage(cmd.Stdin, &q) != nil {
				return nil
			}
			r := pkcs11.Reply{Token: pkcs11.Wanted{Token: "t"}, PIN: pkcs11.PINAsked, Certificate: leaf.Certificate.Raw}
			switch {
			case q.Op == pkcs11.OpLogin:
				*given = append(*given, string(q.PIN))
			case q.Op == pkcs11.OpSign:
				r.Signature, _ = rsa.SignPKCS1v15(nil, key.(*rsa.PrivateKey), 0, q.Data)
			}
			if err := pkcs11.WriteMessage(cmd.Stdout, r); err != nil {
				return err
			}
		}
	}
	return pkcs11.Helper{Programs: []string{"/bin/sh"}, Run: serve}, given
}

// A token's key is known as one in a file is: its root is that of mago's own, and it can be revoked.
func TestNamedToken(t *testing.T) {
	s := newStore(t)
	tokens, given := withToken(t, s)
	write := func(mode fs.FileMode) {
		path := host(t, s, "/etc/pin")
		if err := errors.Join(os.WriteFile(path, []byte("1234\n"), 0o600), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
	}
	k, err := Named(s.Root, tokens, "pkcs11:token=t")
	if err != nil || k.Root == nil || !k.Encrypted || k.Revoked || k.Secret() != "PIN of the token t" {
		t.Fatalf("%+v, %v", k, err)
	}
	signer, err := k.Signer([]byte("1234"))
	if err != nil || !signer.Embedded {
		t.Fatal(signer, err)
	}
	if _, err := signer.Sign(strings.NewReader("m"), crypto.SHA256); err != nil {
		t.Error(err)
	}

	write(0o600)
	k, err = Named(s.Root, tokens, "pkcs11:token=t?pin-source=file:/etc/pin")
	if err != nil || k.Encrypted {
		t.Fatalf("%+v, %v", k, err)
	}
	if _, err := k.Signer(nil); err != nil || strings.Join(*given, " ") != "1234 1234" {
		t.Error(*given, err)
	}
	write(0o644)
	k, err = Named(s.Root, tokens, "pkcs11:token=t?pin-source=file:/etc/pin")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Signer(nil); !errors.As(err, new(*OpenToOthersError)) || len(*given) != 2 {
		t.Error(*given, err)
	}

	if _, err := s.Revoke(t.Context(), signing.FormatCertificate(k.Certificate), ""); err != nil {
		t.Fatal(err)
	}
	k, err = Named(s.Root, tokens, "pkcs11:token=t")
	if _, signs := k.Signer([]byte("1234")); err != nil || !errors.As(signs, new(*RevokedError)) {
		t.Error(err, signs)
	}
}

// What is no URI is an error that shows no PIN.
func TestNamedWrongly(t *testing.T) {
	_, err := Named(newStore(t).Root, pkcs11.Helper{}, "pkcs11:token=t?pin-value=1234")
	if !errors.As(err, new(*pkcs11.URIError)) || strings.Contains(err.Error(), "1234") {
		t.Error(err)
	}
}
