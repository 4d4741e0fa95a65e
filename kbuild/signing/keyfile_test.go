package signing

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"slices"
	"testing"
	"time"
)

func TestParseKey(t *testing.T) {
	want := signerOf(t, "rsa").Key.Public().(interface{ Equal(crypto.PublicKey) bool })
	for _, name := range []string{"rsa.key", "rsa.key.der", "rsa-pkcs1.key"} {
		if key, err := ParseKey(read(t, name), nil); err != nil || !want.Equal(key.Public()) || IsEncrypted(read(t, name)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"rsa-encrypted.key", "rsa-encrypted.der", "rsa-scrypt.key"} {
		text := read(t, name)
		if key, err := ParseKey(text, []byte("secret")); err != nil || !want.Equal(key.Public()) || !IsEncrypted(text) {
			t.Errorf("%s: %v", name, err)
		}
		for passphrase, given := range map[string]bool{"": false, "wrong": true} {
			var wrong *PassphraseError
			if _, err := ParseKey(text, []byte(passphrase)); !errors.As(err, &wrong) || wrong.Given != given {
				t.Errorf("%s, %q: %v", name, passphrase, err)
			}
		}
	}
	if key, err := ParseKey(read(t, "ec-sec1.key"), nil); err != nil || !signerOf(t, "ec").Key.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(key.Public()) {
		t.Error(err)
	}
	for name, want := range map[string]string{"rsa-legacy.key": errLegacy.Error(), "rsa.crt": "there is no private key in it, PEM or DER"} {
		if _, err := ParseKey(read(t, name), []byte("secret")); err == nil || err.Error() != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFormatKey(t *testing.T) {
	key := signerOf(t, "ec").Key
	for _, passphrase := range []string{"", "secret"} {
		text, err := FormatKey(key, []byte(passphrase))
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseKey(text, []byte(passphrase))
		if err != nil || !key.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(again.Public()) || IsEncrypted(text) != (passphrase != "") {
			t.Errorf("%q: %v", passphrase, err)
		}
	}
}

func TestParseCertificate(t *testing.T) {
	pem := signerOf(t, "rsa").Certificate
	der, err := ParseCertificate(read(t, "rsa.der"))
	if err != nil || !der.Equal(pem) {
		t.Error(err)
	}
	if both, err := ParseCertificate(slices.Concat(read(t, "rsa.key"), read(t, "rsa.crt"))); err != nil || !both.Equal(pem) {
		t.Error(err)
	}
	if again, err := ParseCertificate(FormatCertificate(pem)); err != nil || !again.Equal(pem) {
		t.Error(err)
	}
	if _, err := ParseCertificate(read(t, "rsa.key")); err == nil {
		t.Error("a key is taken for a certificate")
	}
}

// A leaf is good for signing code, and for nothing else; a root for issuing leaves, and a flat key issues nothing.
func TestCertificates(t *testing.T) {
	root, leaf := pair(t, "ecdsa")
	roots := x509.NewCertPool()
	roots.AddCert(root)
	for usage, good := range map[x509.ExtKeyUsage]bool{x509.ExtKeyUsageCodeSigning: true, x509.ExtKeyUsageServerAuth: false} {
		options := x509.VerifyOptions{Roots: roots, CurrentTime: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), KeyUsages: []x509.ExtKeyUsage{usage}}
		if _, err := leaf.Certificate.Verify(options); (err == nil) != good {
			t.Errorf("usage %v: %v", usage, err)
		}
	}
	flat, err := Flat(leaf.Key, Subject{"flat", time.Unix(0, 0), 1})
	if err != nil {
		t.Fatal(err)
	}
	if !root.IsCA || leaf.Certificate.IsCA || flat.IsCA || flat.KeyUsage != x509.KeyUsageDigitalSignature || root.KeyUsage != x509.KeyUsageCertSign {
		t.Error("a certificate may do what it is not for")
	}
	if !bytes.Equal(leaf.Certificate.AuthorityKeyId, root.SubjectKeyId) || len(root.SubjectKeyId) != 20 {
		t.Errorf("a leaf does not name its root's key: %x", leaf.Certificate.AuthorityKeyId)
	}
	for _, c := range []*x509.Certificate{root, leaf.Certificate, flat} {
		if !slices.ContainsFunc(c.UnknownExtKeyUsage, oidModuleSigning.Equal) {
			t.Errorf("%s may sign what boots", Name(c))
		}
	}
	if _, err := Generate("dsa"); err == nil {
		t.Error("an unknown kind of key is made")
	}
}

func FuzzParseKey(f *testing.F) {
	for _, name := range []string{"rsa.key", "rsa.key.der", "ec-sec1.key", "rsa.crt", "rsa-legacy.key"} {
		f.Add(read(f, name))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !IsEncrypted(text) { // whose cost its own bytes name
			key, err := ParseKey(text, nil)
			if (err == nil) != (key != nil) {
				t.Error(key, err)
			}
		}
		if c, err := ParseCertificate(text); (err == nil) != (c != nil) {
			t.Error(c, err)
		}
	})
}

// An encrypted key that was cut or changed is an error, and ends nothing else.
func TestDamagedKey(t *testing.T) {
	whole := read(t, "rsa-scrypt.key")
	block := keyBlock(whole)
	for _, der := range [][]byte{block.Bytes[:len(block.Bytes)-1], cutInside(block.Bytes), nil} {
		if key, err := decrypt(der, []byte("secret")); err == nil {
			t.Errorf("got %v", key)
		}
	}
}

// cutInside takes a byte from the encrypted data, and from the two lengths before it.
func cutInside(der []byte) []byte {
	cut := slices.Clone(der[:len(der)-1])
	cut[3]--
	at := bytes.LastIndex(cut, []byte{0x04, 0x82})
	cut[at+3]--
	return cut
}
