package keyring

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"mago/debpkg/rooted"
	"mago/kbuild/signing"
)

var born = time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)

// files puts files below a new root, readable for their owner.
func files(t *testing.T, all map[string][]byte) rooted.Root {
	t.Helper()
	root := t.TempDir()
	for name, text := range all {
		path := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return rooted.Root(root)
}

// flat is the text of a new self-signed key, and its certificate.
func flat(t testing.TB, name string) (key []byte, c *x509.Certificate) {
	t.Helper()
	private, err := signing.Generate("ecdsa")
	if err != nil {
		t.Fatal(err)
	}
	if c, err = signing.Flat(private, signing.Subject{Name: name, From: born, Days: 10}); err != nil {
		t.Fatal(err)
	}
	if key, err = signing.FormatKey(private, nil); err != nil {
		t.Fatal(err)
	}
	return key, c
}

func TestFind(t *testing.T) {
	own, ownCert := flat(t, "own")
	dkms, dkmsCert := flat(t, "dkms")
	shim, shimCert := flat(t, "shim")
	root := files(t, map[string][]byte{
		Dir + "/signing.key": own, Dir + "/signing.crt": signing.FormatCertificate(ownCert),
		"/var/lib/dkms/mok.key": dkms, "/var/lib/dkms/mok.pub": dkmsCert.Raw,
		"/var/lib/shim-signed/mok/MOK.priv": shim, "/var/lib/shim-signed/mok/MOK.der": shimCert.Raw,
	})
	keys, err := Find(root)
	if err != nil || len(keys) != 3 {
		t.Fatal(keys, err)
	}
	for i, want := range []Origin{Own, DKMS, Shim} {
		if k := keys[i]; k.Origin != want || k.Root != nil || k.Encrypted {
			t.Errorf("got %s, want %s", k.Origin, want)
		}
		if _, err := keys[i].Signer(nil); err != nil {
			t.Error(err)
		}
	}
	if none, err := Find(files(t, nil)); err != nil || none != nil {
		t.Error(none, err)
	}
	damaged := files(t, map[string][]byte{Dir + "/signing.key": own})
	if _, err := Find(damaged); err != nil {
		t.Error("a key without a certificate, which is not there yet, is an error: ", err)
	}
	damaged = files(t, map[string][]byte{Dir + "/signing.key": own, Dir + "/signing.crt": nil})
	if _, err := Find(damaged); !errors.As(err, new(*Error)) {
		t.Error(err)
	}
}

func TestOpen(t *testing.T) {
	key, c := flat(t, "mine")
	other, _ := flat(t, "other")
	pem := signing.FormatCertificate(c)
	root := files(t, map[string][]byte{
		"/a/both.pem": append(append([]byte{}, key...), pem...), "/b/my.key": key, "/b/my.der": c.Raw, "/c/alone.key": key,
		"/d/my.key": other, "/d/my.crt": pem,
	})
	for _, path := range []string{"/a/both.pem", "/b/my.key"} {
		k, err := Open(root, path)
		if err != nil || !k.Certificate.Equal(c) || k.Path != path {
			t.Errorf("%s: %v", path, err)
		}
	}
	for path, want := range map[string]string{
		"/c/alone.key": "the signing key /c/alone.key: there is no certificate of it: put it beside it as /c/alone.crt",
		"/none.key":    "the signing key /none.key: open " + root.String() + "/none.key: no such file or directory",
	} {
		if _, err := Open(root, path); err == nil || err.Error() != want {
			t.Errorf("%s: %v", path, err)
		}
	}
	k, err := Open(root, "/d/my.key")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Signer(nil); err == nil || err.Error() != "the signing key /d/my.key: the key is not that of the certificate mine" {
		t.Error(err)
	}
}

func TestOpenToOthers(t *testing.T) {
	key, c := flat(t, "mine")
	root := files(t, map[string][]byte{"/my.key": key, "/my.crt": c.Raw})
	if err := os.Chmod(filepath.Join(root.String(), "my.key"), 0o640); err != nil {
		t.Fatal(err)
	}
	var open *OpenToOthersError
	if _, err := Open(root, "/my.key"); !errors.As(err, &open) || open.Mode != 0o640 || open.Path != "/my.key" {
		t.Error(err)
	}
	if _, err := Open(root, "/gone.key"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestCheckDates(t *testing.T) {
	_, c := flat(t, "mine")
	k := Key{Path: "/my.key", Certificate: c}
	for now, want := range map[time.Time]string{
		born: "", born.AddDate(0, 0, 10): "",
		born.Add(-time.Second): "the signing key /my.key: the certificate mine is valid from 2026-01-02 on: is the clock right?",
		born.AddDate(0, 0, 11): "the signing key /my.key: the certificate mine expired on 2026-01-12",
	} {
		err := k.CheckDates(now)
		if got := ""; err != nil {
			got = err.Error()
			if got != want || !errors.As(err, new(*DateError)) {
				t.Errorf("%s: %s", now, got)
			}
		} else if want != "" {
			t.Errorf("%s: no error", now)
		}
	}
	if !k.Expires().Equal(c.NotAfter) {
		t.Error(k.Expires())
	}
}
