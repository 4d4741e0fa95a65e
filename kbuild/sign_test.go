package kbuild

import (
	"bytes"
	"crypto"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mago/debpkg/codec"
	"mago/debpkg/rooted"
	"mago/kbuild/signing"
)

// newSigner makes a key, and lays it and its certificate down as sign-file wants them.
func newSigner(t *testing.T, dir string) *signing.Signer {
	t.Helper()
	key, err := signing.Generate("rsa3072")
	if err != nil {
		t.Fatal(err)
	}
	c, err := signing.Flat(key, signing.Subject{Name: "flat", From: epoch, Days: 10})
	if err != nil {
		t.Fatal(err)
	}
	text, err := signing.FormatKey(key, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"key": text, "crt": signing.FormatCertificate(c)} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &signing.Signer{Key: key, Certificate: c}
}

// by signs every module with one key.
func by(s *signing.Signer) func(module string, sum []byte, hash crypto.Hash) ([]byte, error) {
	return func(_ string, sum []byte, hash crypto.Hash) ([]byte, error) { return s.Message(sum, hash) }
}

// signFile signs a module's bytes with the kernel's own program.
func (b *bench) signFile(t *testing.T, dir string, module []byte) []byte {
	t.Helper()
	root := rooted.Root(b.root)
	inside, err := root.Inside(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "hello.ko"), module, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(b.kernel.Scripts()+"/sign-file", "sha256", "key", "crt", "hello.ko", "signed.ko")
	cmd.Dir, cmd.SysProcAttr = inside, &syscall.SysProcAttr{Chroot: b.root}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return contentOf(t, filepath.Join(dir, "signed.ko"))
}

// contentOf is what a file holds, uncompressed.
func contentOf(t *testing.T, path string) []byte {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	stream, _, err := codec.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	var content bytes.Buffer
	if _, err := content.ReadFrom(stream); err != nil {
		t.Fatal(err)
	}
	return content.Bytes()
}

// TestSign has modules signed when they are built, by another key later, and not at all after that; sign-file does the same.
func TestSign(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	dir := b.work(t)
	unsigned := contentOf(t, b.mustBuild(t, modules+"hello").Modules[0].File)
	for _, format := range []codec.Format{codec.None, codec.XZ, codec.Zstd} {
		b.kernel.Compression = format
		builder := b.builder()
		builder.Signing.Sign = by(newSigner(t, dir))
		result, err := builder.Build(t.Context(), b.job(t, modules+"hello"))
		if err != nil {
			t.Fatal(err)
		}
		m := result.Modules[0]
		if !m.Signed || !bytes.Equal(contentOf(t, m.File), b.signFile(t, dir, unsigned)) {
			t.Errorf("%s: not as sign-file signs it", format)
		}
		builder.Signing.Sign = by(newSigner(t, dir))
		if err := builder.SignAnew(t.Context(), b.job(t, modules+"hello"), result); err != nil {
			t.Fatal(err)
		}
		if got := contentOf(t, result.Modules[0].File); !bytes.Equal(got, b.signFile(t, dir, unsigned)) || result.Modules[0].Path != m.Path {
			t.Errorf("%s: signed anew it is not as sign-file signs it", format)
		}
		builder.Signing.Sign = nil
		if err := builder.SignAnew(t.Context(), b.job(t, modules+"hello"), result); err != nil {
			t.Fatal(err)
		}
		if got := contentOf(t, result.Modules[0].File); !bytes.Equal(got, unsigned) || result.Modules[0].Signed {
			t.Errorf("%s: something of the signature is left", format)
		}
	}
}

// TestComesSigned builds a module that its source has signed: strip leaves it alone, and mago signs it only where it is to.
func TestComesSigned(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	dir := b.work(t)
	signer := newSigner(t, dir)
	theirs, err := signer.Sign(strings.NewReader("another module"), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	source := with(t, tree{"signature": string(theirs), "sign": "#!/bin/sh\ncat signature >>hello.ko\n", "dkms.conf": `PACKAGE_NAME=hello
PACKAGE_VERSION=1.0
BUILT_MODULE_NAME=hello
DEST_MODULE_LOCATION=/updates
MAKE="make -C $kernel_source_dir M=$dkms_tree/$module/$module_version/build modules && sh sign"
`})
	for anew, want := range map[bool]bool{false: false, true: true} {
		builder := b.builder()
		builder.Signing = Signing{by(signer), anew}
		result, err := builder.Build(t.Context(), b.job(t, source))
		if err != nil {
			t.Fatalf("%v\n%s", err, b.log.String())
		}
		m := result.Modules[0]
		if has := bytes.HasSuffix(contentOf(t, m.File), theirs); has == anew || m.Signed != want {
			t.Errorf("anew %v: signed by mago %v, their signature %v", anew, m.Signed, has)
		}
	}
}

// A signature that the source has damaged is the source's fault, whether or not mago signs.
func TestDamagedSignature(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	signer := newSigner(t, b.work(t))
	damaged := "\x00\x00\x02\x00\x00\x00\x00\x00\x7f\xff\xff\xff~Module signature appended~\n" // of 2 GB
	source := with(t, tree{"signature": damaged, "sign": "#!/bin/sh\ncat signature >>hello.ko\n", "dkms.conf": `PACKAGE_NAME=hello
PACKAGE_VERSION=1.0
BUILT_MODULE_NAME=hello
DEST_MODULE_LOCATION=/updates
STRIP=no
MAKE="make -C $kernel_source_dir M=$dkms_tree/$module/$module_version/build modules && sh sign"
`})
	for _, how := range []Signing{{}, {by(signer), false}, {by(signer), true}} {
		builder := b.builder()
		builder.Signing = how
		_, err := builder.Build(t.Context(), b.job(t, source))
		if !errors.As(err, new(*signing.SignatureError)) || errors.As(err, new(*SignError)) {
			t.Errorf("anew %v: %v", how.Anew, err)
		}
	}
}
