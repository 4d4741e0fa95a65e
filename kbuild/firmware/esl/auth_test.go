package esl

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"
)

var stamp = time.Date(2026, 1, 2, 5, 4, 5, 999, time.FixedZone("two hours east", 2*3600))

func certificate(t *testing.T, name string) *x509.Certificate {
	t.Helper()
	c, err := x509.ParseCertificate(file(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSignIsEfitools(t *testing.T) {
	kek := certificate(t, "kek.der")
	for name, u := range map[string]Update{
		"db.auth":  {Name: "db", GUID: Database, Time: stamp, Content: file(t, "root.esl")},
		"dbx.auth": {Name: "dbx", GUID: Database, Time: stamp, Append: true, Content: file(t, "since.esl")},
	} {
		got, err := u.Sign(key(t), kek)
		if want := file(t, name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %v\n%x, efitools:\n%x", name, err, got, want)
		}
	}
}

func key(t *testing.T) crypto.Signer {
	t.Helper()
	block, _ := pem.Decode(file(t, "kek.key"))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(crypto.Signer)
}

func TestSignTakesRSA(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (Update{Name: "db"}).Sign(key, certificate(t, "kek.der")); err == nil || !strings.Contains(err.Error(), "only RSA") {
		t.Error(err)
	}
}

func TestRevokedInMOKX(t *testing.T) {
	root := certificate(t, "root.der")
	e, err := RevokedInMOKX(Shim, root)
	timed := RevokedInDBX(Shim, root, time.Time{})
	if err != nil || e.Type != X509SHA256 || len(e.Data) != 32 || !bytes.HasPrefix(timed.Data, e.Data) {
		t.Errorf("%+v, %v", e, err)
	}
	old := *root
	old.SignatureAlgorithm = x509.SHA1WithRSA
	if e, err := RevokedInMOKX(Shim, &old); err == nil {
		t.Errorf("%+v", e)
	}
	for algorithm, size := range map[x509.SignatureAlgorithm]int{x509.ECDSAWithSHA256: 32, x509.SHA384WithRSA: 48, x509.ECDSAWithSHA512: 64, x509.PureEd25519: 0} {
		old.SignatureAlgorithm = algorithm
		if got := TBSHash(&old); len(got) != size {
			t.Errorf("%s: %d bytes", algorithm, len(got))
		}
	}
}
