package signing

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

func TestReadFile(t *testing.T) {
	module := bytes.Repeat([]byte("module"), 100_000)
	signature := sign(t, signerOf(t, "rsa"), crypto.SHA256)
	for name, c := range map[string]struct {
		content []byte
		signed  bool
	}{
		"plain.ko":  {module, false},
		"empty.ko":  {nil, false},
		"signed.ko": {slices.Concat(module, signature), true},
		"only.ko":   {signature, true},
		"cut.ko":    {slices.Concat(module, signature[:len(signature)-1]), false},
		"inside.ko": {slices.Concat(module, signature, []byte("x")), false},
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, c.content, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, compress := range []struct{ ending, program string }{{"", ""}, {".xz", "xz"}, {".gz", "gzip"}} {
			if compress.program != "" {
				if err := exec.Command(compress.program, "--keep", path).Run(); err != nil {
					t.Fatal(err)
				}
			}
			message, err := ReadFile(path + compress.ending)
			if err != nil || (message != nil) != c.signed {
				t.Errorf("%s%s: %d bytes, %v", name, compress.ending, len(message), err)
			}
		}
	}
	if _, err := ReadFile(filepath.Join(t.TempDir(), "none.ko")); err == nil {
		t.Error("no file, and no error")
	}
}

func TestChain(t *testing.T) {
	root, leaf := pair(t, "ecdsa")
	flat := signerOf(t, "rsa")
	other := signerOf(t, "ec").Certificate
	for name, c := range map[string]struct {
		by    *Signer
		known []*x509.Certificate
		want  []string
	}{
		"a leaf":                       {leaf, []*x509.Certificate{other, root}, []string{"leaf", "root"}},
		"a leaf of an unknown root":    {leaf, []*x509.Certificate{other}, []string{"leaf"}},
		"a flat key":                   {flat, []*x509.Certificate{other, flat.Certificate}, []string{"flat key of a test"}},
		"a flat key that is not known": {flat, []*x509.Certificate{other, root}, nil},
	} {
		message := sign(t, c.by, crypto.SHA256)
		_, message, err := Unsigned(bytes.NewReader(message), int64(len(message)))
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse(message)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range s.Chain(c.known...) {
			got = append(got, Name(c))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
		if s.Issuer() != Name(map[*Signer]*x509.Certificate{flat: flat.Certificate, leaf: root}[c.by]) {
			t.Errorf("%s: it is of %q", name, s.Issuer())
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"sha256.signature", "ec.signature"} {
		signature := read(f, name)
		f.Add(signature[:len(signature)-trailerLen-len(mark)])
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		s, err := Parse(message)
		if err == nil && s.serial == nil {
			t.Error("no serial number")
		}
		if err == nil {
			s.Chain(signerOf(t, "rsa").Certificate)
			s.Issuer()
		}
	})
}
