//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mago/cmd/lab/internal/debian"
)

const (
	pinFile  = "/root/pin"
	tokenDir = "/var/lib/softhsm/tokens/"
)

// token: with its key on a token a module has the same bytes as with the key in a file, and what builds it sees neither.
func (s *story) token(t *testing.T) {
	if err := debian.Build(t.Context(), "mago/cmd/mago-pkcs11", s.Path("/usr/local/bin/mago-pkcs11")); err != nil {
		t.Fatal(err)
	}
	s.run(t, "apt-get", "install", "--yes", "--no-install-recommends", "softhsm2", "opensc", "openssl", "strace")
	s.write(t, "/root/token.sh", makeToken, 0o755)
	s.run(t, "sh", "-e", "/root/token.sh")
	conf := "/etc/mago/modules/spied.conf"
	defer os.Remove(s.Path(conf))
	s.spied(t)
	s.write(t, conf, "Key: /root/file.key\n", 0o644)
	s.mago(t, "build", "-f", "./spied", "-l", s.kernel)
	deb := "/var/cache/mago/debs/" + s.packageName("spied") + "_*.deb"
	want := s.only(t, deb)
	s.write(t, conf, "Key: pkcs11:token=mago?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:"+pinFile+"\n", 0o644)
	s.run(t, "strace", "-f", "-Y", "-qqq", "-o", "/root/trace", "--seccomp-bpf", "-e", "trace=open,openat", "mago", "build", "-f", "./spied", "-l", s.kernel)
	if s.only(t, deb) != want {
		t.Error("a token's key makes other bytes")
	}
	s.openedBy(t, tokenDir, "mago-pkcs11")
	s.openedBy(t, pinFile, "mago")
}

// spied is a module whose makefile tries to read a token's files and PIN.
func (s *story) spied(t *testing.T) {
	objects, err := filepath.Glob(s.Path(tokenDir + "*/token.object"))
	if err != nil || len(objects) != 1 {
		t.Fatalf("%q, %v", objects, err)
	}
	s.write(t, "/root/spied/spied.c", s.read(t, "/root/hello/hello.c"), 0o644)
	s.write(t, "/root/spied/Makefile", "obj-m := spied.o\nspy := $(shell cat "+tokenDir+filepath.Base(filepath.Dir(objects[0]))+"/token.object "+pinFile+")\n", 0o644)
}

// only is what the one file that matches has.
func (s *story) only(t *testing.T, pattern string) string {
	t.Helper()
	names, err := filepath.Glob(s.Path(pattern))
	if err != nil || len(names) != 1 {
		t.Fatalf("%q, %v", names, err)
	}
	return string(readFile(t, names[0]))
}

var traced = regexp.MustCompile(`^([0-9]+)<([^>]*)> (.*)$`)

// openedBy expects files to be opened by programs of a name, and by cat in vain.
func (s *story) openedBy(t *testing.T, path, program string) {
	t.Helper()
	begun, opened, tried := map[string]string{}, 0, 0
	for line := range strings.Lines(s.read(t, "/root/trace")) {
		m := traced.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		thread, by, call := m[1], m[2], m[3]
		if head, ok := strings.CutSuffix(call, "<unfinished ...>"); ok {
			begun[thread] = head
			continue
		}
		if _, rest, ok := strings.Cut(call, "resumed>"); ok {
			call = begun[thread] + rest
		}
		failed := strings.Contains(call, ") = -1 ")
		switch {
		case !strings.Contains(call, `"`+path):
		case by == "cat" && failed:
			tried++
		case by == program && !failed:
			opened++
		case !failed:
			t.Errorf("%s: %s", by, call)
		}
	}
	if opened == 0 || tried == 0 {
		t.Errorf("%s: opened %d times by %s, tried %d times by cat", path, opened, program, tried)
	}
}

const makeToken = `cd /root
openssl req -x509 -newkey rsa:3072 -nodes -keyout key.pem -out cert.pem -subj /CN=token -days 900 -addext extendedKeyUsage=codeSigning
openssl pkcs8 -topk8 -nocrypt -in key.pem -outform DER -out key.der
openssl x509 -in cert.pem -outform DER -out cert.der
softhsm2-util --init-token --free --label mago --so-pin 4321 --pin 1234
put() { pkcs11-tool --module /usr/lib/softhsm/libsofthsm2.so --token-label mago --login --pin 1234 --label signing --id 01 "$@"; }
put --write-object key.der --type privkey --usage-sign
put --write-object cert.der --type cert
umask 077
cat key.pem cert.pem >file.key
echo 1234 >pin
`
