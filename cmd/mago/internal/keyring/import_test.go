package keyring

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mago/kbuild/signing"
)

// foreign makes keys as other programs do, with openssl: dkms's, flat with its certificate in DER, and a leaf of a root.
func foreign(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for line := range strings.Lines(`req -new -x509 -newkey rsa:2048 -nodes -keyout mok.key -outform DER -out mok.pub -subj /CN=dkms -days 365
req -new -x509 -newkey rsa:2048 -passout pass:secret -keyout root.key -out root.pem -subj /CN=root -days 365
req -new -newkey rsa:2048 -passout pass:secret -keyout leaf.key -out leaf.csr -subj /CN=leaf
x509 -req -in leaf.csr -CA root.pem -CAkey root.key -passin pass:secret -CAcreateserial -out leaf.crt -days 30
pkcs8 -topk8 -in mok.key -nocrypt -outform DER -out der.key
x509 -inform DER -in mok.pub -out both.pem
req -new -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.crt -subj /CN=other -days 365
x509 -inform DER -in mok.pub -out mok.pem
pkcs12 -export -inkey mok.key -in mok.pem -passout pass:p12 -out new.p12
pkcs12 -export -legacy -inkey mok.key -in mok.pem -passout pass:p12 -out old.p12
pkcs12 -in old.p12 -legacy -passin pass:p12 -passout pass:secret -out p12.pem
`) {
		cmd := exec.Command("openssl", strings.Fields(line)...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", line, err, out)
		}
	}
	cmd := exec.Command("sh", "-c", "cat mok.key >>both.pem && cat mok.key other.key >two.pem && rm mok.pem && chmod 644 mok.key")
	cmd.Dir = dir
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestImport(t *testing.T) {
	dir := foreign(t)
	at := func(name string) string {
		if name == "" {
			return ""
		}
		return filepath.Join(dir, name)
	}
	for _, c := range []struct {
		key, cert, root, passphrase string
		name, enrolled, fails       string
	}{
		{key: "mok.key", cert: "mok.pub", name: "dkms", enrolled: "dkms"},
		{key: "mok.key", name: "dkms", enrolled: "dkms"},
		{key: "der.key", cert: "mok.pub", name: "dkms", enrolled: "dkms"},
		{key: "both.pem", name: "dkms", enrolled: "dkms"},
		{key: "leaf.key", root: "root.pem", passphrase: "secret", name: "leaf", enrolled: "root"},
		{key: "leaf.key", passphrase: "secret", name: "leaf", enrolled: "leaf"},
		{key: "leaf.key", root: "root.pem", fails: "the key is encrypted, and there is no passphrase for it"},
		{key: "leaf.key", root: "root.pem", passphrase: "wrong", fails: "the passphrase is not the key's"},
		{key: "leaf.key", root: "other.crt", passphrase: "secret", fails: at("other.crt") + " has not issued the certificate leaf"},
		{key: "mok.key", cert: "other.crt", fails: "the key is not that of the certificate other"},
		{key: "der.key", fails: "there is no certificate of it in its file or beside it: name one behind it"},
		{key: "mok.pub", cert: "mok.pub", fails: "it is a certificate, and a private key is wanted"},
		{key: "other.crt", fails: "it is a certificate, and a private key is wanted"},
		{key: "mok.pub", cert: "mok.key", fails: at("mok.pub") + ": it is the certificate, and " + at("mok.key") + " the private key: they are wanted the other way round"},
		{key: "other.crt", cert: "der.key", fails: " the private key: they are wanted the other way round"},
		{key: "root.pem", cert: "root.key", fails: " the private key: they are wanted the other way round"},
		{key: "mok.key", cert: "other.key", fails: at("other.key") + " is a private key, and its certificate is wanted"},
		{key: "mok.key", cert: "der.key", fails: at("der.key") + " is a private key, and its certificate is wanted"},
		{key: "mok.key", cert: "leaf.csr", fails: at("leaf.csr") + ": there is no certificate in it, PEM or DER: x509: malformed certificate"},
		{key: "leaf.csr", cert: "leaf.crt", fails: "there is no private key in it, PEM or DER"},
		{key: "two.pem", cert: "other.crt", fails: "it has more than one private key, and mago cannot tell which is meant"},
		{key: "new.p12", fails: "it is a PKCS #12 file"},
		{key: "old.p12", cert: "mok.pub", fails: "it is a PKCS #12 file"},
		{key: "p12.pem", passphrase: "secret", name: "dkms", enrolled: "dkms"},
	} {
		s := newStore(t)
		m, err := s.Import(t.Context(), Import{Key: keyFile(t, at(c.key)), Certificate: at(c.cert), Root: at(c.root), Passphrase: []byte(c.passphrase), Now: leafTime(t, dir)})
		if c.fails != "" {
			if err == nil || !strings.HasSuffix(err.Error(), c.fails) || !errors.As(err, new(*Error)) {
				t.Errorf("%+v: %v", c, err)
			}
			if _, err := os.Stat(host(t, s, Dir)); err == nil {
				t.Errorf("%+v: something is left", c)
			}
			continue
		}
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		k := m.Key
		if signing.Name(k.Certificate) != c.name || signing.Name(k.Enrolled()) != c.enrolled || k.Encrypted != (c.passphrase != "") {
			t.Errorf("%+v: %+v", c, k)
		}
		if _, err := k.Signer([]byte(c.passphrase)); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
		names(t, s)
	}
}

// leafTime is when the keys of foreign were made.
func leafTime(t *testing.T, dir string) time.Time {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "leaf.crt"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := signing.ParseCertificate(text)
	if err != nil {
		t.Fatal(err)
	}
	return c.NotBefore
}

func TestImportExpired(t *testing.T) {
	dir := foreign(t)
	i := Import{Key: keyFile(t, filepath.Join(dir, "leaf.key")), Passphrase: []byte("secret"), Now: leafTime(t, dir).AddDate(0, 2, 0)}
	var date *DateError
	if _, err := newStore(t).Import(t.Context(), i); !errors.As(err, &date) || date.Early() {
		t.Error(err)
	}
	i.Now = leafTime(t, dir).AddDate(0, -2, 0)
	if _, err := newStore(t).Import(t.Context(), i); !errors.As(err, &date) || !date.Early() {
		t.Error(err)
	}
	i.Now, i.Unattended = leafTime(t, dir), true
	s := newStore(t)
	if m, err := s.Import(t.Context(), i); err != nil || m.Key.Encrypted {
		t.Error(m, err)
	}
	if _, err := s.Import(t.Context(), i); !errors.As(err, new(*ExistsError)) {
		t.Error(err)
	}
	i.Again = true
	if m, err := s.Import(t.Context(), i); err != nil || m.Kept == "" {
		t.Error(m, err)
	}
}

// The copy is the key itself: openssl makes the same public key of both.
func TestImportIsTheSameKey(t *testing.T) {
	dir, s := foreign(t), newStore(t)
	if _, err := s.Import(t.Context(), Import{Key: keyFile(t, filepath.Join(dir, "der.key")), Certificate: filepath.Join(dir, "mok.pub"), Now: leafTime(t, dir)}); err != nil {
		t.Fatal(err)
	}
	var public [2][]byte
	for i, path := range []string{filepath.Join(dir, "mok.key"), host(t, s, inside(signingKey))} {
		out, err := exec.Command("openssl", "pkey", "-in", path, "-pubout").Output()
		if err != nil {
			t.Fatal(err)
		}
		public[i] = out
	}
	if !bytes.Equal(public[0], public[1]) {
		t.Error("another key")
	}
}
