package keyring

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"mago/debpkg/rooted"
	"mago/kbuild/signing"
	"mago/sources/lock"
)

var now = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

func newStore(t *testing.T) Store {
	t.Helper()
	return Store{Root: files(t, map[string][]byte{"/etc/hostname": []byte("box\n"), "/var/lib/x": nil}), Locks: lock.Locks{Limit: lock.AtOnce}}
}

// small is a key that is quickly made.
var small = New{Algorithm: "ecdsa", Now: now}

func made(t *testing.T, s Store, n New) Made {
	t.Helper()
	m, err := s.New(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// host is where a file of the store lies.
func host(t *testing.T, s Store, name string) string {
	t.Helper()
	path, err := s.Root.Path(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// names are the files of the store, whose modes let nobody else read them.
func names(t *testing.T, s Store) (all []string) {
	t.Helper()
	dir := host(t, s, Dir)
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		name, _ := filepath.Rel(dir, path)
		if name != "keys.lock" && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
		if !e.IsDir() && name != "keys.lock" {
			all = append(all, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestNew(t *testing.T) {
	secret := []byte("secret")
	for _, c := range []struct {
		name           string
		new            New
		files          []string
		encrypted      bool
		rootKey, calls string
	}{
		{"plain", small, []string{"mok.der", "offline/root.key", "signing.key"}, false, "/var/lib/mago/keys/offline/root.key", "mago on box (root)"},
		{"passphrase", New{Passphrase: secret}, []string{"mok.der", "root.key", "signing.key"}, true, "/var/lib/mago/keys/root.key", "mago on box (root)"},
		{"unattended", New{Passphrase: secret, Unattended: true, Name: "Farm"}, []string{"mok.der", "root.key", "signing.key"}, false, "/var/lib/mago/keys/root.key", "Farm (root)"},
		{"flat", New{Flat: true}, []string{"mok.der", "signing.key"}, false, "", "mago on box"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStore(t)
			c.new.Algorithm, c.new.Now = "ecdsa", now
			m := made(t, s, c.new)
			if got := names(t, s); !slices.Equal(got, c.files) {
				t.Errorf("files %q", got)
			}
			if m.Key.Encrypted != c.encrypted || m.RootKey != c.rootKey || signing.Name(m.Key.Enrolled()) != c.calls || m.Key.CheckDates(now) != nil {
				t.Errorf("%+v", m)
			}
			if _, err := m.Key.Signer(c.new.Passphrase); err != nil {
				t.Error(err)
			}
			mok, _ := os.ReadFile(host(t, s, inside(mokCert)))
			if !bytes.Equal(mok, m.Key.Enrolled().Raw) {
				t.Error("what lies ready for mokutil is not what is to be enrolled")
			}
			checkByOpenSSL(t, m.Key)
		})
	}
}

// checkByOpenSSL has openssl look at what an enrolled certificate vouches for.
func checkByOpenSSL(t *testing.T, k Key) {
	t.Helper()
	dir := t.TempDir()
	leaf, root := filepath.Join(dir, "leaf"), filepath.Join(dir, "root")
	if err := errors.Join(os.WriteFile(leaf, signing.FormatCertificate(k.Certificate), 0o600), os.WriteFile(root, signing.FormatCertificate(k.Enrolled()), 0o600)); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("openssl", "verify", "-attime", strconv.FormatInt(k.Certificate.NotBefore.Unix(), 10), "-check_ss_sig", "-x509_strict", "-CAfile", root, leaf).CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestNewKeepsTheOldKey(t *testing.T) {
	s := newStore(t)
	first := made(t, s, small)
	if _, err := s.New(t.Context(), small); !errors.As(err, new(*ExistsError)) || err.Error() != "there is a key already in /var/lib/mago/keys/signing.key: mago on box (modules, 2026-11-29), until 2031-11-28" {
		t.Error(err)
	}
	again := New{Algorithm: "ecdsa", Now: now, Flat: true, Again: true}
	second := made(t, s, again)
	kept := "old/" + shortName(first.Key.Certificate)
	if got, want := names(t, s), []string{"mok.der", kept + "/mok.der", kept + "/offline-root.key", kept + "/signing.key", "signing.key"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if second.Kept != inside(kept) || first.Key.Certificate.Equal(second.Key.Certificate) {
		t.Errorf("%+v", second)
	}
	old, err := Open(s.Root, inside(kept, signingKey))
	if err != nil || !old.Certificate.Equal(first.Key.Certificate) || old.Root == nil {
		t.Error(old, err)
	}
}

// A root's key that is put away is nowhere in the store, and never takes the place of another file.
func TestRootKeyElsewhere(t *testing.T) {
	s, away := newStore(t), filepath.Join(t.TempDir(), "root.key")
	n := small
	n.RootKey = away
	m := made(t, s, n)
	if m.RootKey != away || slices.Contains(names(t, s), offlineKey) {
		t.Errorf("%+v", m)
	}
	if _, err := newStore(t).New(t.Context(), n); !errors.As(err, new(*InTheWayError)) {
		t.Error(err)
	}
	var lost *NoRootKeyError
	if _, err := s.Rotate(t.Context(), Rotation{Now: now}); !errors.As(err, &lost) {
		t.Error(err)
	}
	other := newStore(t)
	made(t, other, small)
	foreign := host(t, other, OfflineKey)
	if _, err := s.Rotate(t.Context(), Rotation{Now: now, RootKey: keyFile(t, foreign)}); err == nil || err.Error() != "the signing key "+foreign+": the key is not that of the certificate mago on box (root)" {
		t.Error(err)
	}
	if _, err := s.Rotate(t.Context(), Rotation{Now: now, RootKey: keyFile(t, away)}); err != nil {
		t.Error(err)
	}
}

func keyFile(t *testing.T, path string) KeyFile {
	t.Helper()
	k, err := ReadKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestRotate(t *testing.T) {
	s := newStore(t)
	n := small
	n.Passphrase = []byte("secret")
	first := made(t, s, n)
	var wrong *signing.PassphraseError
	for _, passphrase := range []string{"", "wrong"} {
		if _, err := s.Rotate(t.Context(), Rotation{Passphrase: []byte(passphrase), Now: now}); !errors.As(err, &wrong) || wrong.Given != (passphrase != "") {
			t.Errorf("%q: %v", passphrase, err)
		}
	}
	second, err := s.Rotate(t.Context(), Rotation{Passphrase: n.Passphrase, Now: now.AddDate(1, 0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	k := second.Key
	if k.Certificate.Equal(first.Key.Certificate) || !k.Root.Equal(first.Key.Root) || !k.Encrypted || signing.Name(k.Certificate) != "mago on box (modules, 2027-11-29)" {
		t.Errorf("%+v", k)
	}
	all, err := s.Retired()
	if err != nil || len(all) != 1 || !all[0].Certificate.Equal(first.Key.Certificate) || all[0].Revoked {
		t.Error(all, err)
	}
	checkByOpenSSL(t, k)
	if _, err := s.Rotate(t.Context(), Rotation{Passphrase: n.Passphrase, Now: now, Days: 40 * 365}); err == nil {
		t.Error("a leaf outlives its root")
	}
	flat := newStore(t)
	made(t, flat, New{Algorithm: "ecdsa", Flat: true, Now: now})
	if _, err := flat.Rotate(t.Context(), Rotation{Now: now}); !errors.As(err, new(*FlatError)) {
		t.Error(err)
	}
}

// Wherever a change is killed, the key before or the one after is whole, and the next change leaves nothing of it.
func TestKilled(t *testing.T) {
	killed := errors.New("killed")
	for _, c := range []struct {
		name   string
		change func(Store) error
	}{
		{"new", func(s Store) error {
			n := small
			n.Again, n.Flat = true, true
			_, err := s.New(t.Context(), n)
			return err
		}},
		{"rotate", func(s Store) error { _, err := s.Rotate(t.Context(), Rotation{Now: now}); return err }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for at := 0; ; at++ {
				s := newStore(t)
				before := made(t, s, small)
				done, renames := false, 0
				dying := s
				dying.rename = func(from, to string) error {
					if renames++; renames > at {
						return killed
					}
					return os.Rename(from, to)
				}
				if err := c.change(dying); err == nil {
					done = true
				} else if !errors.Is(err, killed) {
					t.Fatal(err)
				}
				checkWhole(t, s, at)
				counting, err := s.Own()
				if err != nil {
					t.Fatal(err)
				}
				settle(t, s)
				if k, err := s.Own(); err != nil || !k.Certificate.Equal(counting.Certificate) {
					t.Errorf("killed at rename %d: the next change makes another key count: %v", at, err)
				}
				if got := names(t, s); slices.ContainsFunc(got, func(name string) bool { return name[0] == '.' }) {
					t.Errorf("killed at rename %d: %q is left", at, got)
				}
				checkWhole(t, s, at)
				if done {
					if k, _ := s.Own(); k.Certificate.Equal(before.Key.Certificate) || at < 2 {
						t.Error("nothing was changed")
					}
					return
				}
			}
		})
	}
}

// checkWhole has the present key sign, and its root's key be its root's.
func checkWhole(t *testing.T, s Store, at int) {
	t.Helper()
	keys, err := Find(s.Root)
	if err != nil || len(keys) != 1 {
		t.Fatalf("killed at rename %d: %v, %v", at, keys, err)
	}
	if _, err := keys[0].Signer(nil); err != nil {
		t.Errorf("killed at rename %d: %v", at, err)
	}
}

func settle(t *testing.T, s Store) {
	t.Helper()
	c, err := s.begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.release()
	if k, err := s.Own(); err != nil {
		t.Error(err)
	} else if mok, _ := os.ReadFile(c.path(mokCert)); !bytes.Equal(mok, k.Enrolled().Raw) {
		t.Error("mok.der is another key's")
	} else if has := c.has(offlineKey); has != (k.Root != nil) {
		t.Errorf("the root's key is there: %t", has)
	}
}

// One process at a time changes the keys.
func TestBusy(t *testing.T) {
	s := newStore(t)
	c, err := s.begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.release()
	if _, err := s.New(t.Context(), small); !errors.As(err, new(*lock.BusyError)) {
		t.Error(err)
	}
}

func TestUsualName(t *testing.T) {
	for hostname, want := range map[string]string{
		"box\n": "mago on box", "": "mago", "b\x1bx": "mago", "a-name-that-is-much-too-long-for-any-certificate": "mago",
	} {
		if got := UsualName(rooted.Root(files(t, map[string][]byte{"/etc/hostname": []byte(hostname)}))); got != want {
			t.Errorf("%q: %q", hostname, got)
		}
	}
}

func FuzzCertificates(f *testing.F) {
	key, c := flat(f, "mine")
	f.Add(slices.Concat(key, signing.FormatCertificate(c)))
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := signing.Certificates(text)
		for _, c := range all {
			if c == nil || err == nil && len(c.Raw) == 0 {
				t.Error(all, err)
			}
		}
	})
}

// Nothing can be made in /sys, whoever tries.
func TestUnwritable(t *testing.T) {
	s := newStore(t)
	s.Root = "/sys"
	var unwritable *UnwritableError
	if _, err := s.New(t.Context(), small); !errors.As(err, &unwritable) || !strings.HasPrefix(err.Error(), "the keys in /var/lib/mago/keys cannot be changed: mkdir /sys/var: ") {
		t.Error(err)
	}
}

// Where there is no key, nothing is made for one that follows it.
func TestRotateNothing(t *testing.T) {
	s := newStore(t)
	if _, err := s.Rotate(t.Context(), Rotation{Now: now}); !errors.As(err, new(*NoKeyError)) {
		t.Error(err)
	}
	if _, err := os.Stat(host(t, s, Dir)); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// A private key whose certificate is lost is a key still: nobody types a passphrase for another one in vain.
func TestKeyWithoutCertificate(t *testing.T) {
	s := newStore(t)
	made(t, s, small)
	text, err := os.ReadFile(host(t, s, inside(signingKey)))
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ = bytes.Cut(text, []byte("-----BEGIN CERTIFICATE"))
	if err := os.WriteFile(host(t, s, inside(signingKey)), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.CheckFree(false); !errors.As(err, new(*ExistsError)) {
		t.Error(err)
	}
	if _, err := s.Rotate(t.Context(), Rotation{Now: now}); errors.As(err, new(*NoKeyError)) || !errors.As(err, new(*Error)) {
		t.Error(err)
	}
}

// Leaves of one day differ in their names, however long these are.
func TestSameDay(t *testing.T) {
	s := newStore(t)
	n := small
	n.Name = strings.Repeat("n", maxName)
	made(t, s, n)
	for _, want := range []string{n.Name + " (modules, 2026-11-29.2)", n.Name + " (modules, 2026-11-29.3)"} {
		m, err := s.Rotate(t.Context(), Rotation{Now: now})
		if err != nil || signing.Name(m.Key.Certificate) != want || len(want) > mostLetters {
			t.Errorf("%v, %v, not %q", signing.Name(m.Key.Certificate), err, want)
		}
	}
	n.Again = true
	if m := made(t, s, n); signing.Name(m.Key.Certificate) != n.Name+" (modules, 2026-11-29.4)" {
		t.Error(signing.Name(m.Key.Certificate))
	}
}
