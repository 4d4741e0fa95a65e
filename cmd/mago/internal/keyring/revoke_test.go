package keyring

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"mago/kbuild/firmware/esl"
	"mago/kbuild/signing"
)

// rotated is a store whose key has had one before, and the certificates of both, the present one last.
func rotated(t *testing.T) (Store, []Key) {
	t.Helper()
	s := newStore(t)
	first := made(t, s, small)
	second, err := s.Rotate(t.Context(), Rotation{Now: now.AddDate(1, 0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	return s, []Key{first.Key, second.Key}
}

func TestRevoke(t *testing.T) {
	s, keys := rotated(t)
	r, err := s.Revoke(t.Context(), nil, "")
	if err != nil || !r.Certificate.Equal(keys[0].Certificate) || r.Present {
		t.Fatal(r, err)
	}
	der, _ := os.ReadFile(host(t, s, r.DER))
	list, _ := os.ReadFile(host(t, s, r.List))
	entries, err := esl.Parse(list)
	if err != nil || len(entries) != 1 || entries[0].Type != esl.X509SHA256 || !bytes.Equal(entries[0].Data, esl.TBSHash(r.Certificate)) || !bytes.Equal(der, r.Certificate.Raw) {
		t.Error(entries, err)
	}
	all, err := s.Retired()
	if err != nil || len(all) != 1 || !all[0].Revoked {
		t.Error(all, err)
	}
	if _, err := s.Revoke(t.Context(), nil, ""); !errors.As(err, new(*UnknownError)) {
		t.Error("one that is revoked is revoked again: ", err)
	}
	names(t, s)
}

// The key that signs is revoked by name only, and then signs no more, wherever it lies, until another one follows.
func TestRevokeThePresentKey(t *testing.T) {
	s, keys := rotated(t)
	for _, word := range []string{"", "12", SHA256(keys[1].Certificate)[:7], "not-a-file"} {
		if c, err := s.certificate(nil, word); err == nil && c.Equal(keys[1].Certificate) {
			t.Errorf("%q means the key that signs", word)
		}
	}
	for _, word := range []string{Fingerprint(keys[1].Certificate), strings.ToUpper(SHA256(keys[1].Certificate)[:8])} {
		if c, err := s.certificate(nil, word); err != nil || !c.Equal(keys[1].Certificate) {
			t.Error(word, err)
		}
	}
	r, err := s.Revoke(t.Context(), signing.FormatCertificate(keys[1].Certificate), "leaf.crt")
	if err != nil || !r.Present {
		t.Fatal(r, err)
	}
	k, err := s.Own()
	if err != nil || !k.Revoked || !errors.As(k.Usable(now), new(*RevokedError)) {
		t.Error(k, err)
	}
	if _, err := k.Signer(nil); !errors.As(err, new(*RevokedError)) {
		t.Error(err)
	}
	text, _ := os.ReadFile(host(t, s, inside(signingKey)))
	copied := host(t, s, "/var/lib") + "/copy.pem"
	if err := os.WriteFile(copied, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if k, err := Open(s.Root, "/var/lib/copy.pem"); err != nil || !k.Revoked {
		t.Error(k, err)
	}
	if m, err := s.Rotate(t.Context(), Rotation{Now: now}); err != nil || m.Key.Revoked {
		t.Error(m, err)
	}
	if _, err := s.Revoke(t.Context(), []byte("no certificate"), "x.crt"); err == nil {
		t.Error("what is not a certificate is revoked")
	}
}

func TestRetiredOrder(t *testing.T) {
	s, keys := rotated(t)
	if err := os.Chtimes(host(t, s, inside(retired, shortName(keys[0].Certificate)+".crt")), now, now); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Rotate(t.Context(), Rotation{Now: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	all, err := s.Retired()
	if err != nil || len(all) != 2 || !all[1].Certificate.Equal(keys[0].Certificate) || !all[1].Since.Equal(now) {
		t.Error(all, err)
	}
}

// TestReplaced: a key that another one has replaced is the first that revoke means.
func TestReplaced(t *testing.T) {
	s := newStore(t)
	var keys [2]Made
	for i := range keys {
		var err error
		if keys[i], err = s.New(t.Context(), New{Algorithm: "ecdsa", Flat: true, Again: true, Now: born}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.Retired()
	if err != nil || len(all) != 1 || !all[0].Certificate.Equal(keys[0].Key.Certificate) {
		t.Errorf("%v, %v", all, err)
	}
}
