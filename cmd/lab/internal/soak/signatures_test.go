package soak

import (
	"bytes"
	"crypto"
	"testing"
	"testing/fstest"
	"time"

	"mago/kbuild/signing"
)

// TestSigned: a record's package is as it says only where each module has one good signature by the certificate named.
func TestSigned(t *testing.T) {
	key, err := signing.Generate("ecdsa")
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := signing.Flat(key, signing.Subject{Name: "leaf", From: time.Unix(0, 0), Days: 1})
	if err != nil {
		t.Fatal(err)
	}
	plain := []byte("a module")
	trailer, err := (&signing.Signer{Key: key, Certificate: leaf, Embedded: true}).Sign(bytes.NewReader(plain), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	signed := append(bytes.Clone(plain), trailer...)
	by := fingerprint(leaf)
	for name, c := range map[string]struct {
		module, description, by string
		good                    bool
	}{
		"signed":             {string(signed), "x (SHA-256 " + by + ")", by, true},
		"unsigned":           {string(plain), "The modules are not signed: x", "", true},
		"without the end":    {string(signed[:len(signed)-1]), "x (SHA-256 " + by + ")", by, false},
		"of other bytes":     {"x" + string(signed), "x (SHA-256 " + by + ")", by, false},
		"twice":              {string(signed) + string(trailer), "x (SHA-256 " + by + ")", by, false},
		"by another":         {string(signed), "x (SHA-256 00)", "00", false},
		"not as described":   {string(signed), "The modules are not signed", by, false},
		"not as recorded":    {string(signed), "The modules are not signed", "", false},
		"recorded, unsigned": {string(plain), "x (SHA-256 " + by + ")", by, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := record{}
			if c.by != "" {
				r.Signed = &signedBy{c.by, []string{"/lib/modules/hello.ko"}}
			}
			all, err := signers(fstest.MapFS{"lib/modules/hello.ko": {Data: []byte(c.module)}, "usr/share/doc/x": {}})
			if err == nil {
				err = r.fits(contents{c.description, all})
			}
			if (err == nil) != c.good {
				t.Errorf("got %v", err)
			}
		})
	}
}
