package signing

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// What lies in testdata was made by OpenSSL 3.0 and by scripts/sign-file of linux-kbuild-6.1:
//
//	openssl req -new -x509 -newkey rsa:2048 -nodes -keyout rsa.key -out rsa.crt -days 36500 -subj '/CN=flat key of a test'
//	openssl req -new -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout ec.key -out ec.crt -days 36500 -subj …
//	sign-file sha256 rsa.key rsa.crt module.ko signed; tail -c +701 signed >sha256.signature
//	openssl pkcs8 -topk8 -in rsa.key -passout pass:secret [-scrypt] -out rsa-encrypted.key
//	openssl rsa -in rsa.key -traditional [-aes128 -passout pass:secret]
func read(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func signerOf(t testing.TB, name string) *Signer {
	t.Helper()
	key, err := ParseKey(read(t, name+".key"), nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseCertificate(read(t, name+".crt"))
	if err != nil {
		t.Fatal(err)
	}
	return &Signer{Key: key, Certificate: c}
}

func sign(t testing.TB, s *Signer, hash crypto.Hash) []byte {
	t.Helper()
	signature, err := s.Sign(bytes.NewReader(read(t, "module.ko")), hash)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

func TestSignAsSignFile(t *testing.T) {
	for name, hash := range map[string]crypto.Hash{"sha1": crypto.SHA1, "sha256": crypto.SHA256, "sha512": crypto.SHA512} {
		if got, want := sign(t, signerOf(t, "rsa"), hash), read(t, name+".signature"); !bytes.Equal(got, want) {
			t.Errorf("%s: got %x, want %x", name, got, want)
		}
	}
}

// sign-file's ECDSA signatures are random numbers' work; all else is the same.
func TestSignECDSA(t *testing.T) {
	s := signerOf(t, "ec")
	signature := sign(t, s, crypto.SHA256)
	if got, want := withoutValue(t, signature), withoutValue(t, read(t, "ec.signature")); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if again := sign(t, s, crypto.SHA256); !bytes.Equal(signature, again) {
		t.Error("the same key signs the same module in two ways")
	}
}

// withoutValue is a signature's message, which holds no certificates, without its last field.
func withoutValue(t *testing.T, signature []byte) (c struct {
	Type    asn1.ObjectIdentifier
	Content struct {
		Version     int
		Digests     []pkix.AlgorithmIdentifier `asn1:"set"`
		Content     struct{ Type asn1.ObjectIdentifier }
		SignerInfos []signerInfo `asn1:"set"`
	} `asn1:"explicit,tag:0"`
}) {
	t.Helper()
	_, message, err := Unsigned(bytes.NewReader(signature), int64(len(signature)))
	if err == nil {
		_, err = asn1.Unmarshal(message, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	c.Content.SignerInfos[0].Signature = nil
	return c
}

// OpenSSL is asked whether a signature is good, with the leaf's certificate from inside the signature and only the root known.
func TestSignByLeaf(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip(err)
	}
	for _, algorithm := range Algorithms {
		t.Run(algorithm, func(t *testing.T) {
			root, leaf := pair(t, algorithm)
			dir := t.TempDir()
			signed := append(read(t, "module.ko"), sign(t, leaf, crypto.SHA256)...)
			length, message, err := Unsigned(bytes.NewReader(signed), int64(len(signed)))
			if err != nil || length != 700 {
				t.Fatal(length, err)
			}
			for name, text := range map[string][]byte{"root.crt": FormatCertificate(root), "p7s": message, "module": signed[:length]} {
				if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			verify := func(module string) error {
				cmd := exec.Command(openssl, "cms", "-verify", "-binary", "-inform", "DER", "-in", "p7s", "-content", module, "-CAfile", "root.crt", "-purpose", "any", "-out", os.DevNull)
				cmd.Dir = dir
				out, err := cmd.CombinedOutput()
				t.Logf("%s", out)
				return err
			}
			if err := verify("module"); err != nil {
				t.Error(err)
			}
			if verify("root.crt") == nil {
				t.Error("a signature is good for something else")
			}
		})
	}
}

// pair is a root's certificate, and a leaf of it that signs.
func pair(t *testing.T, algorithm string) (root *x509.Certificate, leaf *Signer) {
	t.Helper()
	rootKey, err := Generate(algorithm)
	if err != nil {
		t.Fatal(err)
	}
	s := Subject{"root", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), 3650}
	if root, err = Root(rootKey, s); err != nil {
		t.Fatal(err)
	}
	key, err := Generate(algorithm)
	if err != nil {
		t.Fatal(err)
	}
	s.Name = "leaf"
	c, err := Leaf(key.Public(), s, root, rootKey)
	if err != nil {
		t.Fatal(err)
	}
	leaf = &Signer{Key: key, Certificate: c, Embedded: true}
	if err := leaf.Check(); err != nil {
		t.Error(err)
	}
	if err := (&Signer{Key: rootKey, Certificate: c}).Check(); err == nil {
		t.Error("a root's key is taken for a leaf's")
	}
	return root, leaf
}

func TestHash(t *testing.T) {
	for name, want := range map[string]crypto.Hash{"": crypto.SHA256, "sha512": crypto.SHA512, "sha1": crypto.SHA1} {
		if got, err := Hash(name); err != nil || got != want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := Hash("sha3-256"); !errors.As(err, new(*HashError)) || !strings.Contains(err.Error(), `"sha3-256"`) {
		t.Error(err)
	}
}

func TestStrength(t *testing.T) {
	for name, want := range map[string]string{"rsa": "RSA-2048", "ec": "ECDSA-P-384"} {
		if got := Strength(signerOf(t, name).Certificate); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// BenchmarkSign signs a module as large as most of the large ones.
func BenchmarkSign(b *testing.B) {
	for _, algorithm := range Algorithms {
		b.Run(algorithm, func(b *testing.B) {
			key, err := Generate(algorithm)
			if err != nil {
				b.Fatal(err)
			}
			c, err := Flat(key, Subject{"flat", time.Now(), 1})
			if err != nil {
				b.Fatal(err)
			}
			s, module := &Signer{Key: key, Certificate: c}, bytes.Repeat([]byte("module"), 100_000)
			before := processorTime(b)
			for b.Loop() {
				if _, err := s.Sign(bytes.NewReader(module), crypto.SHA256); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((processorTime(b)-before).Seconds()/float64(b.N), "cpu-s/op")
		})
	}
}

// processorTime is what this process has used.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
