package pkcs11_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mago/kbuild/signing"
	"mago/kbuild/signing/pkcs11"
)

// softHSM is the module of Debian's softhsm2, which keeps tokens in files.
const softHSM = "/usr/lib/softhsm/libsofthsm2.so"

// childProgram is mago-pkcs11, built once.
var childProgram = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "mago-pkcs11")
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "mago-pkcs11")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", program, "mago/cmd/mago-pkcs11")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as it is packaged
	out, err := build.CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return program, nil
})

func TestMain(m *testing.M) {
	if len(os.Args) == 1 && os.Getenv("FAKE") != "" {
		fakeChild(os.Getenv("FAKE"))
	}
	code := m.Run()
	if program, err := childProgram(); err == nil {
		os.RemoveAll(filepath.Dir(program))
	}
	os.Exit(code)
}

// token is a token in files of its own, whose PIN is 1234.
type token struct {
	testing.TB
	helper pkcs11.Helper
	dir    string
}

func newToken(t testing.TB, label string) token {
	t.Helper()
	for _, needed := range []string{softHSM, "/usr/bin/pkcs11-tool"} {
		if _, err := os.Stat(needed); err != nil {
			t.Skip("needs softhsm2 and opensc: ", err)
		}
	}
	program, err := childProgram()
	if err != nil {
		t.Fatal(err)
	}
	tok := token{t, pkcs11.Helper{Programs: []string{"/nowhere/mago-pkcs11", program}, Errors: t.Output()}, t.TempDir()}
	conf := filepath.Join(tok.dir, "softhsm2.conf")
	tok.write("softhsm2.conf", []byte("directories.tokendir = "+tok.dir+"\nobjectstore.backend = file\n"))
	t.Setenv("SOFTHSM2_CONF", conf)
	tok.add(label)
	return tok
}

func (tok token) write(name string, text []byte) string {
	tok.Helper()
	path := filepath.Join(tok.dir, name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		tok.Fatal(err)
	}
	return path
}

func (tok token) tool(args ...string) {
	tok.Helper()
	out, err := exec.Command("pkcs11-tool", append([]string{"--module", softHSM}, args...)...).CombinedOutput()
	if err != nil {
		tok.Fatalf("pkcs11-tool %v: %v\n%s", args, err, out)
	}
}

// add makes another token.
func (tok token) add(label string) {
	tok.Helper()
	out, err := exec.Command("softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "4321", "--pin", "1234").CombinedOutput()
	if err != nil {
		tok.Fatalf("softhsm2-util: %v\n%s", err, out)
	}
}

// put writes a private key to a token, with the name and id given, and words for pkcs11-tool.
func (tok token) put(label string, key crypto.Signer, name, id string, words ...string) {
	tok.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tok.Fatal(err)
	}
	tok.tool(append([]string{"--token-label", label, "--login", "--pin", "1234", "-w", tok.write("key.der", der), "-y", "privkey", "--label", name, "--id", id, "--usage-sign"}, words...)...)
}

func (tok token) putCertificate(label string, c *x509.Certificate, name, id string) {
	tok.Helper()
	tok.tool("--token-label", label, "--login", "--pin", "1234", "-w", tok.write("cert.der", c.Raw), "-y", "cert", "--label", name, "--id", id)
}

func (tok token) uri(path string) pkcs11.URI {
	tok.Helper()
	u, err := pkcs11.Parse("pkcs11:" + path + "?module-path=" + softHSM)
	if err != nil {
		tok.Fatal(err)
	}
	return u
}

func (tok token) open(path string) *pkcs11.Token {
	tok.Helper()
	opened, err := tok.helper.Open(tok.uri(path))
	if err != nil {
		tok.Fatal(err)
	}
	tok.Cleanup(opened.Close)
	return opened
}

// chain is a root and a leaf with its key.
func chain(t testing.TB, bits int) (root, leaf *x509.Certificate, key *rsa.PrivateKey) {
	t.Helper()
	rootKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err == nil {
		key, err = rsa.GenerateKey(rand.Reader, bits)
	}
	if err == nil {
		root, err = signing.Root(rootKey, signing.Subject{Name: "the root", From: time.Unix(1e9, 0), Days: 20000})
	}
	if err == nil {
		leaf, err = signing.Leaf(key.Public(), signing.Subject{Name: "the leaf", From: time.Unix(1e9, 0), Days: 20000}, root, rootKey)
	}
	if err != nil {
		t.Fatal(err)
	}
	return root, leaf, key
}

// The same key signs the same bytes from a token as from a file, by every hash that kernels name.
func TestSameBytes(t *testing.T) {
	tok := newToken(t, "mago test")
	root, leaf, key := chain(t, 3072)
	tok.put("mago test", key, "module signing", "01")
	tok.putCertificate("mago test", leaf, "module signing", "01")
	tok.putCertificate("mago test", root, "root", "02")
	for _, path := range []string{"token=mago%20test", "token=mago%20test;id=%01", "object=module%20signing;type=private", ""} {
		opened := tok.open(path)
		if !opened.Certificate.Equal(leaf) || !slices.ContainsFunc(opened.Others, root.Equal) || opened.PIN != pkcs11.PINAsked {
			t.Errorf("%q: %v, %d others, PIN %q", path, opened.Certificate.Subject, len(opened.Others), opened.PIN)
		}
		onToken, err := opened.Login([]byte("1234"))
		if err != nil {
			t.Fatal(err)
		}
		for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
			one := signing.Signer{Key: onToken, Certificate: leaf, Embedded: true}
			other := signing.Signer{Key: key, Certificate: leaf, Embedded: true}
			got, err := one.Sign(strings.NewReader("a module"), hash)
			want, err2 := other.Sign(strings.NewReader("a module"), hash)
			if err != nil || err2 != nil || string(got) != string(want) {
				t.Errorf("%q, %v: %s, %v\nfrom a file: %s, %v", path, hash, hex.EncodeToString(got), err, hex.EncodeToString(want), err2)
			}
		}
	}
}

// A key that wants the PIN for each signature, as that of a YubiKey's slot 9c does, gets it.
func TestAlwaysAuthenticated(t *testing.T) {
	tok := newToken(t, "mago")
	_, leaf, key := chain(t, 2048)
	tok.put("mago", key, "k", "07", "--always-auth")
	tok.putCertificate("mago", leaf, "k", "07")
	signer, err := tok.open("id=%07").Login([]byte("1234"))
	for range 3 {
		if err == nil {
			sum := crypto.SHA256.New().Sum(nil)
			_, err = signer.Sign(nil, sum, crypto.SHA256)
		}
	}
	if err != nil {
		t.Error(err)
	}
}

// What keeps a key from signing is told by what kind it is, most of it before there is a PIN.
func TestRefused(t *testing.T) {
	tok := newToken(t, "mago")
	_, leaf, key := chain(t, 2048)
	_, other, foreign := chain(t, 2048)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	flat, err := signing.Flat(curve, signing.Subject{Name: "ec", From: time.Unix(1e9, 0), Days: 20000})
	if err != nil {
		t.Fatal(err)
	}
	tok.put("mago", key, "good", "01")
	tok.putCertificate("mago", leaf, "good", "01")
	tok.put("mago", foreign, "mixed up", "02")
	tok.putCertificate("mago", leaf, "mixed up", "02")
	tok.putCertificate("mago", flat, "c", "03")
	tok.tool("--token-label", "mago", "--login", "--pin", "1234", "--keypairgen", "--key-type", "rsa:2048", "--label", "bare", "--id", "04")
	tok.putCertificate("mago", other, "c", "05")
	tok.add("another")
	for path, want := range map[string]struct {
		kind pkcs11.Kind
		text string
	}{
		"token=mine":          {pkcs11.NoToken, "the token mine is not there: is it plugged in?; there are "},
		"serial=77":           {pkcs11.NoToken, "the token serial=77 is not there"},
		"token=mago;id=%09":   {pkcs11.NoKey, "the token mago shows no such key or certificate; there are token=mago;object=bare;id=%04"},
		"token=mago;object=c": {pkcs11.Several, "more than one key on the token mago is meant; there are token=mago;object=c;id=%03, token=mago;object=c;id=%05"},
		"token=another":       {pkcs11.NoKey, "the token another shows no such key or certificate"},
		"token=mago;id=%03":   {pkcs11.NotRSA, "the key on the token mago is of the kind ECDSA"},
		"token=mago;id=%04":   {pkcs11.NoCertificate, "the token mago has no certificate of the key"},
		"token=mago;id=%02":   {pkcs11.Mismatch, "what the key on the token mago signs its certificate does not verify"},
		"id=%05":              {pkcs11.NoKey, "the token mago shows no such key"},
		"token=mago;id=%01":   {"", ""},
	} {
		opened, err := tok.helper.Open(tok.uri(path))
		if err == nil {
			_, err = opened.Login([]byte("1234"))
			opened.Close()
		}
		var refused *pkcs11.Error
		if want.kind == "" && err == nil {
			continue
		}
		if !errors.As(err, &refused) || refused.Kind != want.kind || !strings.HasPrefix(refused.Error(), want.text) || refused.Hint() == "" {
			t.Errorf("%s: %v, want %s: %s", path, err, want.kind, want.text)
		}
	}
}

// A wrong PIN is given once, however often it is offered.
func TestWrongPIN(t *testing.T) {
	tok := newToken(t, "mago")
	_, leaf, key := chain(t, 2048)
	tok.put("mago", key, "k", "01")
	tok.putCertificate("mago", leaf, "k", "01")
	for pin, want := range map[string]pkcs11.Kind{"": pkcs11.NoPIN, "9999": pkcs11.WrongPIN, "1": pkcs11.WrongPIN} {
		opened := tok.open("")
		for _, again := range []string{pin, "1234"} {
			var refused *pkcs11.Error
			if _, err := opened.Login([]byte(again)); !errors.As(err, &refused) || refused.Kind != want {
				t.Errorf("%q: %v", again, err)
			}
		}
	}
	opened := tok.open("")
	if _, err := opened.Login([]byte("1234")); err != nil {
		t.Error(err)
	}
}

func TestNoModule(t *testing.T) {
	tok := newToken(t, "mago")
	notOne := tok.write("not-one.so", []byte("text"))
	for module, want := range map[string]string{
		"/nowhere.so": "the PKCS #11 module cannot be used: /nowhere.so: cannot open shared object file: No such file or directory",
		notOne:        "the PKCS #11 module cannot be used: " + notOne + ": file too short",
		"libm.so.6":   "the PKCS #11 module cannot be used: libm.so.6 is not one: it has no C_GetFunctionList",
	} {
		var refused *pkcs11.Error
		if _, err := tok.helper.Open(pkcs11.URI{Module: module}); !errors.As(err, &refused) || refused.Kind != pkcs11.NoModule || refused.Error() != want {
			t.Errorf("%s: %v", module, err)
		}
	}
}

// p11-kit's proxy, which is taken where no module is named, knows the token, too.
func TestProxy(t *testing.T) {
	tok := newToken(t, "mago behind the proxy")
	_, leaf, key := chain(t, 2048)
	tok.put("mago behind the proxy", key, "k", "01")
	tok.putCertificate("mago behind the proxy", leaf, "k", "01")
	u, err := pkcs11.Parse("pkcs11:token=mago%20behind%20the%20proxy")
	if err != nil {
		t.Fatal(err)
	}
	opened, err := tok.helper.Open(u)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	if _, err := opened.Login([]byte("1234")); err != nil || !opened.Certificate.Equal(leaf) {
		t.Error(err)
	}
}

// A certificate that could sign others is a key's own where there is no other, as openssl makes them.
func TestOnlyIssuer(t *testing.T) {
	tok := newToken(t, "mago")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	root, err := signing.Root(key, signing.Subject{Name: "self", From: time.Unix(1e9, 0), Days: 20000})
	if err != nil {
		t.Fatal(err)
	}
	tok.put("mago", key, "k", "01")
	tok.putCertificate("mago", root, "k", "01")
	if _, err := tok.open("").Login([]byte("1234")); err != nil {
		t.Error(err)
	}
}

// BenchmarkSign signs one module's digest by a token that is a program's, and by a file: what a token costs a module.
func BenchmarkSign(b *testing.B) {
	tok := newToken(b, "mago")
	_, leaf, key := chain(b, 3072)
	tok.put("mago", key, "k", "01")
	tok.putCertificate("mago", leaf, "k", "01")
	onToken, err := tok.open("").Login([]byte("1234"))
	if err != nil {
		b.Fatal(err)
	}
	for name, signer := range map[string]crypto.Signer{"token": onToken, "file": key} {
		b.Run(name, func(b *testing.B) {
			s := signing.Signer{Key: signer, Certificate: leaf, Embedded: true}
			for b.Loop() {
				if _, err := s.Sign(strings.NewReader("a module"), crypto.SHA256); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
