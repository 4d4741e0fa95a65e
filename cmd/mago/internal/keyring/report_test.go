package keyring

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mago/debpkg/rooted"
	"mago/kbuild/firmware/esl"
	"mago/kbuild/signing"
)

const efivars = "/sys/firmware/efi/efivars/"

// put writes a file below a root.
func put(t *testing.T, root rooted.Root, name string, text []byte) {
	t.Helper()
	path := filepath.Join(root.String(), name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// variable is a variable of UEFI with its attributes.
func variable(text []byte) []byte { return append([]byte{7, 0, 0, 0}, text...) }

// secure is a store on a machine with Secure Boot, whose kernel knows no key of ours.
func secure(t *testing.T) Store {
	s := newStore(t)
	put(t, s.Root, efivars+"SecureBoot-"+esl.Global.String(), variable([]byte{1}))
	put(t, s.Root, "/proc/keys", []byte("0be1f5c7 I------     1 perm 1f0b0000     0     0 keyring   .builtin_trusted_keys: 1\n"))
	put(t, s.Root, "/sys/kernel/security/lockdown", []byte("none [integrity] confidentiality\n"))
	put(t, s.Root, "/sys/module/module/parameters/sig_enforce", []byte("N\n"))
	return s
}

// putDKMS gives a machine a key of dkms's.
func putDKMS(t *testing.T, s Store) (certificate []byte) {
	t.Helper()
	key, c := flat(t, "dkms")
	put(t, s.Root, "/var/lib/dkms/mok.key", key)
	put(t, s.Root, "/var/lib/dkms/mok.pub", c.Raw)
	return esl.Encode(esl.Certificate(esl.Shim, c))
}

func TestReport(t *testing.T) {
	for name, c := range map[string]struct {
		machine    func(t *testing.T, s Store)
		configured string
		want       string // of each key whose it is, whether it is used, the lists, and whether it loads now and after the next boot
	}{
		"nothing":      {func(*testing.T, Store) {}, "", ""},
		"not enrolled": {func(t *testing.T, s Store) { made(t, s, small) }, "", "mago true [] no no"},
		"asked for": {func(t *testing.T, s Store) {
			k := made(t, s, small).Key
			put(t, s.Root, efivars+"MokNew-"+esl.Shim.String(), variable(esl.Encode(esl.Certificate(esl.Shim, k.Root))))
		}, "", "mago true [MokNew] no yes"},
		"dkms's, not enrolled": {func(t *testing.T, s Store) { putDKMS(t, s) }, "", "dkms false [] no no"},
		"dkms's, enrolled": {func(t *testing.T, s Store) {
			put(t, s.Root, efivars+"MokListRT-"+esl.Shim.String(), variable(putDKMS(t, s)))
		}, "", "dkms true [MOK] no yes"},
		"mago's before dkms's": {func(t *testing.T, s Store) {
			put(t, s.Root, efivars+"MokListRT-"+esl.Shim.String(), variable(putDKMS(t, s)))
			made(t, s, small)
		}, "", "mago true [] no no; dkms false [MOK] no yes"},
		"the configured one before mago's": {func(t *testing.T, s Store) {
			made(t, s, small)
			key, cert := flat(t, "farm")
			put(t, s.Root, "/etc/farm.pem", slices.Concat(key, signing.FormatCertificate(cert)))
		}, "/etc/farm.pem", "configuration true [] no no; mago false [] no no"},
		"the configured one is not there": {func(t *testing.T, s Store) { made(t, s, small) }, "/etc/farm.pem", "configuration true []  ; mago false [] no no"},
		"the configured one is a token's": {func(t *testing.T, s Store) { made(t, s, small) }, "pkcs11:token=x", "configuration true []  ; mago false [] no no"},
		"damaged": {func(t *testing.T, s Store) {
			put(t, s.Root, inside(signingKey), []byte("x"))
			put(t, s.Root, inside(signingCert), []byte("x"))
			put(t, s.Root, efivars+"MokListRT-"+esl.Shim.String(), variable(putDKMS(t, s)))
		}, "", "mago true []  ; dkms false [MOK] no yes"},
	} {
		s := secure(t)
		c.machine(t, s)
		r := s.Report(c.configured, now)
		var got []string
		for _, k := range r.Keys {
			got = append(got, fmt.Sprint(k.Origin, " ", k.Used, " ", k.Lists, " ", k.Now.Loads, " ", k.Next.Loads))
			if (k.Error != "") != (k.Kind == "" || k.Origin == DKMS || k.Name == "farm") { // those of flat are long over
				t.Errorf("%s: %s: %q", name, k.Origin, k.Error)
			}
		}
		if all := strings.Join(got, "; "); all != c.want {
			t.Errorf("%s: %s", name, all)
		}
		if want := (Machine{SecureBoot: "on", UEFI: "yes", Lockdown: "integrity", SigEnforce: "no", Enforces: "yes", Wants: "Secure Boot is on"}); r.Machine != want {
			t.Errorf("%s: %+v", name, r.Machine)
		}
	}
}

// A kernel before 6.7 makes nothing of an ECDSA key, whoever has enrolled it.
func TestReportUnusable(t *testing.T) {
	s := secure(t)
	k := made(t, s, small).Key
	put(t, s.Root, efivars+"MokListRT-"+esl.Shim.String(), variable(esl.Encode(esl.Certificate(esl.Shim, k.Root))))
	put(t, s.Root, "/proc/sys/kernel/osrelease", []byte("6.1.0-9-amd64\n"))
	put(t, s.Root, "/boot/config-6.1.0-9-amd64", []byte("CONFIG_MODULE_SIG=y\nCONFIG_LOCK_DOWN_IN_EFI_SECURE_BOOT=y\n# CONFIG_CRYPTO_ECDSA is not set\nCONFIG_CC_VERSION_TEXT=\"gcc\"\n"))
	if r := s.Report("", now); r.Keys[0].Next.Loads != "no" || !strings.Contains(r.Keys[0].Next.Why, "kind") {
		t.Errorf("%+v", r.Keys[0])
	}
}

func TestEndsSoon(t *testing.T) {
	s := secure(t)
	n := small
	n.Days = 100
	made(t, s, n)
	for days, want := range map[int]bool{0: false, 9: false, 11: true, 99: true, 101: false} {
		at := now.AddDate(0, 0, days)
		k := s.Report("", at).Keys[0]
		if got := k.EndsSoon(at); got != want || (k.Error != "") != (days > 100) {
			t.Errorf("after %d days: %t, %q", days, got, k.Error)
		}
	}
}

// schema are the fields of the report's JSON with the kinds of their values, as mago(8) has them.
var schema = strings.Fields(`machine.secure_boot:string machine.hidden:string machine.uefi:string machine.lockdown:string machine.sig_enforce:string
machine.enforces:string machine.wants:string
keys.origin:string keys.path:string keys.kind:string keys.name:string keys.root:string keys.algorithm:string keys.fingerprint:string keys.sha256:string
keys.from:string keys.until:string keys.encrypted:bool keys.revoked:bool keys.used:bool keys.lists:string keys.kernel:string
keys.loads_now.loads:string keys.loads_now.why:string keys.loads_next_boot.loads:string keys.loads_next_boot.why:string keys.error:string
retired.name:string retired.fingerprint:string retired.sha256:string retired.since:string retired.revoked:bool root_key_here:bool`)

func TestReportSchema(t *testing.T) {
	s := secure(t)
	k := made(t, s, small).Key
	put(t, s.Root, efivars+"MokListRT-"+esl.Shim.String(), variable(esl.Encode(esl.Certificate(esl.Shim, k.Root))))
	if _, err := s.Rotate(t.Context(), Rotation{Now: now}); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(s.Report("", now))
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	fields(found, "", value)
	want := slices.Clone(schema)
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(found)); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	empty, err := json.Marshal(newStore(t).Report("", time.Time{}))
	if err != nil || !strings.Contains(string(empty), `"keys":[],"retired":[]`) {
		t.Errorf("%s, %v", empty, err)
	}
}

// fields are the names of a value's members.
func fields(found map[string]bool, name string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, member := range v {
			fields(found, strings.TrimPrefix(name+"."+key, "."), member)
		}
	case []any:
		for _, element := range v {
			fields(found, name, element)
		}
	default:
		found[fmt.Sprintf("%s:%T", name, value)] = true
	}
}
