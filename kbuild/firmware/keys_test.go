package firmware

import (
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"mago/kbuild/firmware/esl"
)

// Lines of Debian 12's 6.1.0-57-amd64 under Secure Boot in QEMU, and below them some that might be there.
const procKeys = `01a9593a I------     2 perm 1f0b0000     0     0 keyring   .machine: 3
090a2f7a I------     1 perm 1f010000     0     0 asymmetri flat ecdsa: 60f13e7167dca49b64cc74b783b9aca4196cc409: X509.ecdsa-nist-p384 196cc409 []
15655c64 I------     1 perm 1f010000     0     0 asymmetri Debian Secure Boot CA: 6ccece7e4c6c0d1f6149f3dd27dfcc5cbb419ea1: X509.rsa bb419ea1 []
19d15b2a I------     1 perm 082f0000     0     0 keyring   .fs-verity: empty
1f45d4e4 I--Q---     2 perm 1f3f0000     0 65534 keyring   _uid.0: empty
231d088d I------     1 perm 1f0f0000     0     0 keyring   .secondary_trusted_keys: 2
2c389bf5 I------     1 perm 0f0b0000     0     0 keyring   .blacklist: 118
2d247471 I--Q---     1 perm 1f3f0000     0 65534 keyring   _uid_ses.0: 1
3d2c2520 I------     2 perm 1f0b0000     0     0 keyring   .builtin_trusted_keys: 1
24968f3b I------     1 perm 1f030000     0     0 asymmetri sforshee: 00b28ddf47aef9cea7: X509.rsa []
2e344477 I------ 12345678   3d 1f030000     0     0 asymmetri Ink: X509.two: colons: 0102: X509.rsa 0102 []
2f0a2f9c I--Q---     5  59s 39010000  1000  1000 user      a note: X509.rsa
32bb0000 I------     1 perm 1f030000     0     0 asymmetri a bare public key
33cc0000 I------     1 perm 09090000     0     0 blacklist tbs:00aa
34dd0000 I------     1 perm 09090000     0     0 blacklist bin:00bb

`

func TestParseKeys(t *testing.T) {
	got, err := ParseKeys(strings.NewReader(procKeys))
	want := Keys{
		Known: true,
		Asymmetric: []Key{
			{"flat ecdsa", "60f13e7167dca49b64cc74b783b9aca4196cc409"},
			{"Debian Secure Boot CA", "6ccece7e4c6c0d1f6149f3dd27dfcc5cbb419ea1"},
			{"sforshee", "00b28ddf47aef9cea7"},
			{"Ink: X509.two: colons", "0102"},
		},
		Rings:   map[string]int{".machine": 3, ".fs-verity": 0, ".secondary_trusted_keys": 2, ".blacklist": 118, ".builtin_trusted_keys": 1},
		Revoked: []string{"tbs:00aa", "bin:00bb"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	ordinary := "302d2d52 I--Q---     2 perm 1f3f0000  1000 65534 keyring   _uid.1000: empty\n"
	if got, err := ParseKeys(strings.NewReader(ordinary)); err != nil || got.Known {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestKeysHas(t *testing.T) {
	keys, _ := ParseKeys(strings.NewReader(procKeys))
	for _, c := range []struct {
		id     string
		serial int64
		name   string
		want   bool
	}{
		{"6ccece7e4c6c0d1f6149f3dd27dfcc5cbb419ea1", 1, "renamed", true},
		{"6ccece7e", 1, "Debian Secure Boot CA", false},
		{"", 0x0102, "colons", true},
		{"", 0x0102, "another", false},
	} {
		id, _ := hex.DecodeString(c.id)
		certificate := &x509.Certificate{SubjectKeyId: id, SerialNumber: big.NewInt(c.serial)}
		certificate.Subject.CommonName = c.name
		if got := keys.has(certificate); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	long, _ := new(big.Int).SetString("b28ddf47aef9cea7", 16)
	sforshee := &x509.Certificate{SerialNumber: long}
	sforshee.Subject.CommonName = "sforshee"
	if !keys.has(sforshee) {
		t.Error("a serial number that begins with a zero byte is not found")
	}
}

// keysOf is a /proc/keys that root sees, with certificates in no order.
func keysOf(machine int, known ...*x509.Certificate) tree {
	return tree{"proc/keys": keyLines(machine, known)}
}

func keyLines(machine int, known []*x509.Certificate) string {
	text := fmt.Sprintf("0a1b2c3d I------     1 perm 1f0b0000     0     0 keyring   .builtin_trusted_keys: 3\n"+
		"0d9b5a8e I------     1 perm 1f0b0000     0     0 keyring   .machine: %d\n", machine)
	for _, c := range known {
		text += fmt.Sprintf("109d1ebc I------     1 perm 1f010000     0     0 asymmetri mago: %s: %x: X509.rsa aabbccdd []\n", c.Subject.CommonName, c.SubjectKeyId)
	}
	return text
}

// blacklisting is a /proc/keys with hashes of certificates that are revoked.
func blacklisting(files tree, revoked ...*x509.Certificate) tree {
	text := files["proc/keys"]
	for _, c := range revoked {
		text += fmt.Sprintf("33cc0000 I------     1 perm 09090000     0     0 blacklist tbs:%x\n", esl.TBSHash(c))
	}
	return tree{"proc/keys": text}
}

func FuzzParseKeys(f *testing.F) {
	f.Add(procKeys)
	f.Fuzz(func(t *testing.T, text string) {
		keys, _ := ParseKeys(strings.NewReader(text))
		for _, k := range keys.Asymmetric {
			if !strings.Contains(text, k.Name+": "+k.ID+": X509.") {
				t.Errorf("%+v is not in the text", k)
			}
		}
	})
}
