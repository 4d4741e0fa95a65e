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

// within does something to a directory.
func within(t *testing.T, dir string, do func(*Dir) error) error {
	t.Helper()
	d, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return errors.Join(do(d), d.Close())
}

func sign(t *testing.T, dir string, s *signing.Signer, chain []*x509.Certificate, told func(Request)) error {
	t.Helper()
	return within(t, dir, func(d *Dir) error {
		asked, err := d.Inspect()
		if err != nil {
			return err
		}
		return asked.Sign(t.Context(), s, chain, told)
	})
}

func signed(t *testing.T, dir string) (requests []Request, s Signatures, err error) {
	t.Helper()
	err = within(t, dir, func(d *Dir) (err error) {
		requests, s, err = d.Signed()
		return err
	})
	return requests, s, err
}

// rewritten has a directory ask for something else.
func rewritten(t *testing.T, dir string, r Request) error {
	return within(t, dir, func(d *Dir) error { return d.Write([]Request{r}) })
}

func TestThereAndBack(t *testing.T) {
	dir, r := asked(t, module)
	signer, chain := newSigner(t)
	var told []Request
	if err := sign(t, dir, signer, chain, func(r Request) { told = append(told, r) }); err != nil || len(told) != 1 {
		t.Fatal(told, err)
	}
	requests, s, err := signed(t, dir)
	if err != nil || len(requests) != 1 || requests[0] != r || !s.Certificate().Equal(chain[0]) || s.Enroll != filepath.Join(dir, "mok.der") {
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
		"a hash that nobody knows": {module, func(dir string, r Request) error { r.Hash = "crc32"; return rewritten(t, dir, r) }, nil,
			`hello/6.1/hello.ko: the kernel wants modules signed with the hash "crc32" (CONFIG_MODULE_SIG_HASH), which mago does not know`, ""},
		"a file elsewhere": {module, func(dir string, r Request) error { r.File = "../hello.ko"; return rewritten(t, dir, r) }, nil,
			`DIR/requests.json: "../hello.ko" is not below the directory`, ""},
		"a module elsewhere": {module, func(dir string, r Request) error { r.Module = "../../etc/cron.d"; return rewritten(t, dir, r) }, nil,
			`DIR/requests.json: "../../etc/cron.d" is neither a module nor a kernel`, ""},
		"a kernel below": {module, func(dir string, r Request) error { r.Kernel = "6.1/x"; return rewritten(t, dir, r) }, nil,
			`DIR/requests.json: "6.1/x" is neither a module nor a kernel`, ""},
		"no kernel": {module, func(dir string, r Request) error { r.Kernel = ""; return rewritten(t, dir, r) }, nil,
			`DIR/requests.json: "" is neither a module nor a kernel`, ""},
		"a list that ends early": {module, func(dir string, _ Request) error { return os.Truncate(filepath.Join(dir, listFile), 30) }, nil,
			"DIR/requests.json: unexpected end of JSON input", ""},
		"another format": {module, func(dir string, _ Request) error {
			return os.WriteFile(filepath.Join(dir, listFile), []byte(`{"format":2}`), 0o600)
		}, nil, "DIR/requests.json: it has the format 2, and this mago reads 1", ""},
		"no list": {module, func(dir string, _ Request) error { return os.Remove(filepath.Join(dir, listFile)) }, nil,
			"DIR/requests.json: there is no such file: write the requests with mago sign --requests on the machine that builds", ""},
		"not signed": {module, nil, func(dir string, r Request) error { return os.Remove(filepath.Join(dir, r.File+ending)) }, "",
			"hello/6.1/hello.ko.p7s: there is no such file: this module is not signed yet"},
		"nobody has signed": {module, nil, func(dir string, r Request) error { return os.Remove(filepath.Join(dir, signerFile)) }, "",
			"DIR/signer.pem: there is no such file: nothing here is signed yet"},
		"a signature that ends early": {module, nil, func(dir string, r Request) error { return os.Truncate(filepath.Join(dir, r.File+ending), 30) }, "",
			"hello/6.1/hello.ko.p7s: a module's signature: asn1: syntax error: data truncated"},
		"half a certificate": {module, nil, func(dir string, r Request) error { return os.Truncate(filepath.Join(dir, signerFile), 30) }, "",
			"DIR/signer.pem: there is no certificate in it"},
		"two keys": {module, nil, func(dir string, r Request) error {
			_, more := newSigner(t)
			text := append(signing.FormatCertificate(chain[0]), signing.FormatCertificate(more[0])...)
			return os.WriteFile(filepath.Join(dir, signerFile), text, 0o600)
		}, "", "DIR/signer.pem: flat has not issued the certificate of flat"},
		"three keys": {module, nil, func(dir string, r Request) error {
			return os.WriteFile(filepath.Join(dir, signerFile), bytes.Repeat(signing.FormatCertificate(chain[0]), 3), 0o600)
		}, "", "DIR/signer.pem: it has 3 certificates: of a key and of its root are two"},
		"no certificate to enroll": {module, nil, func(dir string, r Request) error { return os.Remove(filepath.Join(dir, enrollFile)) }, "",
			"DIR/mok.der: there is no such file: sign the directory once more"},
		"another's certificate to enroll": {module, nil, func(dir string, r Request) error {
			_, more := newSigner(t)
			return os.WriteFile(filepath.Join(dir, enrollFile), more[0].Raw, 0o600)
		}, "", "DIR/mok.der: it is another certificate than the one in signer.pem"},
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
			err := sign(t, dir, signer, chain, func(Request) {})
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
			_, _, err = signed(t, dir)
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
	for _, err := range []error{Free(dir), errorOf(Make(dir))} {
		if err == nil || err.Error() != dir+": the directory is not empty: name a new one, or remove it" {
			t.Error(err)
		}
	}
	if err := Free(filepath.Join(dir, "none")); err != nil {
		t.Error(err)
	}
}

func errorOf(_ *Dir, err error) error { return err }

// TestKilled: a directory that was not finished is no request yet, and the next run makes it anew, without what the killed one wrote.
func TestKilled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "requests")
	killed, err := Make(dir)
	if err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(dir, "hello", "6.1")
	if err := errors.Join(os.MkdirAll(half, 0o755), os.WriteFile(filepath.Join(half, "hello.ko"), []byte("hal"), 0o644)); err != nil {
		t.Fatal(err)
	}
	if _, err := killed.Requests(); err == nil {
		t.Error("half of a directory is read")
	}
	if err := errors.Join(killed.Close(), Free(dir)); err != nil {
		t.Fatal(err)
	}
	again, err := Make(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(again.Write(nil), again.Close()); err != nil {
		t.Fatal(err)
	}
	if err := within(t, dir, errorOfRequests); err != nil {
		t.Error(err)
	}
	if _, err := Make(dir); err == nil {
		t.Error("a finished directory is written again")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%v are left, %v", entries, err)
	}
}

func errorOfRequests(d *Dir) error {
	_, err := d.Requests()
	return err
}

// TestTwoAtOnce: a directory is one process's at a time.
func TestTwoAtOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "requests")
	first, err := Make(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{errorOf(Make(dir)), errorOf(Open(dir)), Free(dir)} {
		if busy := (*BusyError)(nil); !errors.As(err, &busy) || busy.Dir != dir {
			t.Error(err)
		}
	}
	if err := errors.Join(first.Close(), Free(dir)); err != nil {
		t.Error(err)
	}
}

// A link in the directory leads nowhere else, whether it is read or written, and a pipe holds nobody up.
func TestLinks(t *testing.T) {
	signer, chain := newSigner(t)
	for _, name := range []string{"hello/6.1/hello.ko", "hello/6.1/hello.ko.p7s", listFile, signerFile, enrollFile} {
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
			err := sign(t, dir, signer, chain, func(Request) {})
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
	text, _ := json.Marshal(list{format, []Request{{File: "a/b.ko", Hash: "sha256", Module: "a", Kernel: "6.1"}}})
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, listFile), text, 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		requests, err := d.Requests()
		for _, r := range requests {
			if err != nil || !filepath.IsLocal(r.File) || filepath.Dir(filepath.Join("locks", r.Module+"_"+r.Kernel)) != "locks" {
				t.Errorf("%+v, %v", r, err)
			}
		}
	})
}
