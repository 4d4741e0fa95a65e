package detached

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mago/kbuild/signing"
)

// module is an ELF file's head, as far as Sign looks at it.
const module = "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x3e\x00 and more"

func newSigner(t *testing.T) (*signing.Signer, []*x509.Certificate) {
	t.Helper()
	key, err := signing.Generate("ecdsa")
	if err != nil {
		t.Fatal(err)
	}
	c, err := signing.Flat(key, signing.Subject{Name: "flat", From: time.Unix(0, 0), Days: 1})
	if err != nil {
		t.Fatal(err)
	}
	return &signing.Signer{Key: key, Certificate: c}, []*x509.Certificate{c}
}

// asked is a directory that asks for the signature of one module.
func asked(t *testing.T, content string) (dir string, r Request) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "requests")
	d, err := Make(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	file := filepath.Join(t.TempDir(), "hello.ko")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	r = Request{Module: "hello", Kernel: "6.1", Name: "hello", Hash: "sha256"}
	if err := errors.Join(d.Take(&r, file), d.Write([]Request{r})); err != nil {
		t.Fatal(err)
	}
	return dir, r
}

func opened(t *testing.T, dir string) *Dir {
	t.Helper()
	d, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func TestThereAndBack(t *testing.T) {
	dir, r := asked(t, module)
	signer, chain := newSigner(t)
	var told []Request
	if err := opened(t, dir).Sign(t.Context(), signer, chain, func(r Request) { told = append(told, r) }); err != nil || len(told) != 1 {
		t.Fatal(told, err)
	}
	requests, s, err := opened(t, dir).Signed()
	if err != nil || len(requests) != 1 || requests[0] != r || !s.Certificate.Equal(chain[0]) {
		t.Fatal(requests, s, err)
	}
	sum := sha256.Sum256([]byte(module))
	if _, err := s.Message("hello", sum[:]); err != nil {
		t.Error(err)
	}
	if _, err := s.Message("hello", make([]byte, 32)); err == nil || err.Error() != "no signature was asked for what hello is now" {
		t.Error(err)
	}
}

// What is not what was asked for is told by its file's name, on the way there and back.
func TestWrong(t *testing.T) {
	signer, chain := newSigner(t)
	other, _ := newSigner(t)
	for name, c := range map[string]struct {
		content       string
		before, after func(dir string, r Request) error
		sign, read    string
	}{
		"another file": {module, func(dir string, r Request) error {
			return os.WriteFile(filepath.Join(dir, r.File), []byte(module+"x"), 0o600)
		}, nil,
			"hello/6.1/hello.ko: it is not the file that was to be signed: its SHA-256 is another", ""},
		"no module": {"#!/bin/sh\n", nil, nil, "hello/6.1/hello.ko: it is not a kernel module", ""},
		"a hash that nobody knows": {module, func(dir string, r Request) error { r.Hash = "crc32"; return opened(t, dir).Write([]Request{r}) }, nil,
			`hello/6.1/hello.ko: the kernel wants modules signed with the hash "crc32" (CONFIG_MODULE_SIG_HASH), which mago does not know`, ""},
		"a file elsewhere": {module, func(dir string, r Request) error { r.File = "../hello.ko"; return opened(t, dir).Write([]Request{r}) }, nil,
			`DIR/requests.json: "../hello.ko" is not below the directory`, ""},
		"another format": {module, func(dir string, _ Request) error {
			return os.WriteFile(filepath.Join(dir, listFile), []byte(`{"format":2}`), 0o600)
		}, nil, "DIR/requests.json: it has the format 2, and this mago reads 1", ""},
		"no list": {module, func(dir string, _ Request) error { return os.Remove(filepath.Join(dir, listFile)) }, nil,
			"DIR/requests.json: there is no such file: write the requests with mago sign --requests on the machine that builds", ""},
		"not signed": {module, nil, func(dir string, r Request) error { return os.Remove(filepath.Join(dir, r.File+ending)) }, "",
			"hello/6.1/hello.ko.p7s: there is no such file: this module is not signed yet"},
		"nobody has signed": {module, nil, func(dir string, r Request) error { return os.Remove(filepath.Join(dir, signerFile)) }, "",
			"DIR/signer.pem: there is no such file: nothing here is signed yet"},
		"another's signature": {module, nil, func(dir string, r Request) error {
			sum := sha256.Sum256([]byte(module))
			message, err := other.Message(sum[:], 5)
			return errors.Join(err, os.WriteFile(filepath.Join(dir, r.File+ending), message, 0o600))
		}, "", "hello/6.1/hello.ko.p7s: it is not a signature by flat with SHA-256 as mago makes them"},
		"the signature of something else": {module, nil, func(dir string, r Request) error {
			message, err := signer.Message(make([]byte, 32), 5)
			return errors.Join(err, os.WriteFile(filepath.Join(dir, r.File+ending), message, 0o600))
		}, "", "hello/6.1/hello.ko.p7s: the signature is not good for this module"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, r := asked(t, c.content)
			if c.before != nil {
				if err := c.before(dir, r); err != nil {
					t.Fatal(err)
				}
			}
			err := opened(t, dir).Sign(t.Context(), signer, chain, func(Request) {})
			if c.sign != "" {
				wantError(t, dir, err, c.sign)
				if _, err := os.Stat(filepath.Join(dir, r.File+ending)); !errors.Is(err, fs.ErrNotExist) {
					t.Error("something was signed")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := c.after(dir, r); err != nil {
				t.Fatal(err)
			}
			_, _, err = opened(t, dir).Signed()
			wantError(t, dir, err, c.read)
		})
	}
}

func wantError(t *testing.T, dir string, err error, want string) {
	t.Helper()
	if got := (*Error)(nil); !errors.As(err, &got) || strings.ReplaceAll(err.Error(), dir, "DIR") != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestMake(t *testing.T) {
	dir, _ := asked(t, module)
	if _, err := Make(dir); err == nil || err.Error() != dir+": the directory is not empty" {
		t.Error(err)
	}
}

// TestKilled: a directory that was not finished is no request yet, and the next run finishes it.
func TestKilled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "requests")
	made, err := Make(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer made.Close()
	half := filepath.Join(dir, "hello", "6.1")
	if err := errors.Join(os.MkdirAll(half, 0o755), os.WriteFile(filepath.Join(half, "hello.ko"), []byte("hal"), 0o644)); err != nil {
		t.Fatal(err)
	}
	if _, err := made.Requests(); err == nil {
		t.Error("half of a directory is read")
	}
	again, err := Make(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if err := again.Write(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := again.Requests(); err != nil {
		t.Error(err)
	}
	if _, err := Make(dir); err == nil {
		t.Error("a finished directory is written again")
	}
	if _, err := os.Lstat(filepath.Join(dir, unfinished)); err == nil {
		t.Error("the mark is left")
	}
}

// A link in the directory leads nowhere else, whether it is read or written, and a pipe holds nobody up.
func TestLinks(t *testing.T) {
	signer, chain := newSigner(t)
	for _, name := range []string{"hello/6.1/hello.ko", "hello/6.1/hello.ko.p7s", listFile, signerFile} {
		for kind, place := range map[string]func(outside, path string) error{
			"link": os.Symlink, "pipe": func(_, path string) error { return syscall.Mkfifo(path, 0o600) },
		} {
			dir, _ := asked(t, module)
			path, outside := filepath.Join(dir, name), filepath.Join(t.TempDir(), "outside")
			before, _ := os.ReadFile(path)
			_ = os.Remove(path) // which may not be there
			if err := errors.Join(os.WriteFile(outside, before, 0o600), place(outside, path)); err != nil {
				t.Fatal(err)
			}
			err := opened(t, dir).Sign(t.Context(), signer, chain, func(Request) {})
			if read := name == "hello/6.1/hello.ko" || name == listFile; (err != nil) != read {
				t.Errorf("%s, a %s: %v", name, kind, err)
			}
			if after, _ := os.ReadFile(outside); !bytes.Equal(after, before) {
				t.Errorf("%s: something was written outside of the directory", name)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	text, _ := json.Marshal(list{format, []Request{{File: "a/b.ko", Hash: "sha256"}}})
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, listFile), text, 0o600); err != nil {
			t.Fatal(err)
		}
		requests, err := opened(t, dir).Requests()
		for _, r := range requests {
			if err != nil || !filepath.IsLocal(r.File) {
				t.Errorf("%q, %v", r.File, err)
			}
		}
	})
}
