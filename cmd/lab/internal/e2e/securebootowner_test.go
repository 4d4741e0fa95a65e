//go:build e2e

package e2e

import (
	"crypto/x509"
	"encoding/pem"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"mago/cmd/lab/internal/debian"
	"mago/kbuild/firmware/esl"
	"mago/kbuild/signing"
)

// owner is a Debian 12 on which the owner of machines makes keys and signed packages.
type owner struct{ *debian.System }

// Where the owner's mago keeps its keys, and the root's private key, which has not been taken away.
const (
	signingKey = "/var/lib/mago/keys/signing.key"
	rootKey    = "/var/lib/mago/keys/offline/root.key"
)

func (o owner) mago(t *testing.T, args ...string) output {
	t.Helper()
	return run(t, signed(o.Command(t.Context(), append([]string{"mago"}, args...)...)))
}

// rotate has the root issue the next leaf.
func (o owner) rotate(t *testing.T) {
	t.Helper()
	o.mago(t, "key", "rotate", "--root-key", rootKey)
}

// build gives the module hello out of its package.
func (o owner) build(t *testing.T, k bootable, options ...string) []byte {
	t.Helper()
	const dest = "/srv/package"
	run(t, o.Command(t.Context(), "rm", "-rf", dest))
	o.mago(t, slices.Concat([]string{"a-b", "./hello", "-l", k.release, "--dest", dest}, options)...)
	opened := t.TempDir()
	run(t, exec.CommandContext(t.Context(), "dpkg-deb", "--extract", only(t, o.Path(dest+"/*.deb")), opened))
	return unpacked(t, filepath.Join(opened, "lib/modules", k.release, "updates/mago/hello.ko*"))
}

// attempt is the module hello, signed with the owner's key.
func (o owner) attempt(t *testing.T, name string, k bootable, says string) attempt {
	t.Helper()
	return attempt{name, o.build(t, k), says, certificatesIn(t, readFile(t, o.Path(signingKey)))}
}

// root is the owner's root, to issue what mago itself does not.
func (o owner) root(t *testing.T) signer {
	t.Helper()
	text := readFile(t, o.Path(rootKey))
	key, err := signing.ParseKey(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return signer{Signer: signing.Signer{Key: key, Certificate: certificatesIn(t, text)[0]}}
}

// exported is the certificate that has to be enrolled, as mago exports it for one list.
func (o owner) exported(t *testing.T, list string) *x509.Certificate {
	t.Helper()
	dir := o.export(t, list)
	der := map[string]func() []byte{
		"mok": func() []byte { return readFile(t, dir+"/mago-mok.der") },
		"db":  func() []byte { return entriesIn(t, dir+"/mago-db.esl")[0].Data },
	}[list]()
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// export has mago export for one list, and gives this machine's name of the directory.
func (o owner) export(t *testing.T, list string) string {
	t.Helper()
	const dir = "/srv/exported"
	run(t, o.Command(t.Context(), "mkdir", "-p", dir))
	o.mago(t, "key", "export", "--"+list, "--output", dir)
	return o.Path(dir)
}

func entriesIn(t *testing.T, file string) []esl.Entry {
	t.Helper()
	entries, err := esl.Parse(readFile(t, file))
	if err != nil || len(entries) == 0 {
		t.Fatalf("%s has the entries %v, %v", file, entries, err)
	}
	return entries
}

// certificatesIn are those of a PEM file, which holds a private key, too.
func certificatesIn(t *testing.T, text []byte) (all []*x509.Certificate) {
	t.Helper()
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		t.Fatal("no certificate")
	}
	return all
}
