package firmware

import (
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"reflect"
	"slices"
	"testing"
	"time"

	"mago/kbuild/firmware/esl"
)

func enrolled(cs ...*x509.Certificate) []esl.Entry {
	var entries []esl.Entry
	for _, c := range cs {
		entries = append(entries, esl.Certificate(esl.Shim, c))
	}
	return entries
}

func mustRevoke(t *testing.T, c *x509.Certificate) esl.Entry {
	t.Helper()
	e, err := esl.RevokedInMOKX(esl.Shim, c)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestOf has many machines, and what they make of a module that is signed with a key.
func TestOf(t *testing.T) {
	c := certificates(t)
	db := func(cs ...*x509.Certificate) tree { return list(esl.Database, "db", enrolled(cs...)...) }
	mok := func(cs ...*x509.Certificate) tree { return list(esl.Shim, "MokListRT", enrolled(cs...)...) }
	asked := func(name string, cs ...*x509.Certificate) tree { return list(esl.Shim, name, enrolled(cs...)...) }
	mokx := list(esl.Shim, "MokListXRT", mustRevoke(t, c.leaf))
	on, none := secure, keysOf(1, c.foreign)
	bios := tree{"sys/firmware/acpi/pm_profile": "1\n"}
	enforced := tree{"sys/module/module/parameters/sig_enforce": "Y\n"}
	foreign := tree{"proc/version": "Linux version 6.6.0 (me@here) (gcc (Debian 12.2.0-14) 12.2.0) #1 SMP\n"}
	debian := tree{"proc/version": "Linux version 6.1.0-57-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0) #1 SMP Debian 6.1.192-2\n"}
	leaf, flat := []*x509.Certificate{c.leaf, c.root}, []*x509.Certificate{c.flat}
	dbx := func(cs ...*x509.Certificate) tree {
		var entries []esl.Entry
		for _, c := range cs {
			entries = append(entries, esl.RevokedInDBX(esl.Shim, c, time.Time{}))
		}
		return list(esl.Database, "dbx", entries...)
	}
	for _, m := range []struct {
		name  string
		files tree
		chain []*x509.Certificate
		now   Verdict
		next  Verdict
		ring  string
	}{
		{"a BIOS", bios.with(none), leaf, Verdict{Yes, NotWanted}, Verdict{Yes, NotWanted}, ""},
		{"no Secure Boot", insecure.with(none), leaf, Verdict{Yes, NotWanted}, Verdict{Yes, NotWanted}, ""},
		{"setup mode", insecure.with(setup, none), flat, Verdict{Yes, NotWanted}, Verdict{Yes, NotWanted}, ""},
		{"shim does not check", on.with(shimOff, none), leaf, Verdict{Yes, NotWanted}, Verdict{Yes, NotWanted}, ""},

		{"nothing is enrolled", on.with(none), leaf, Verdict{No, NotEnrolled}, Verdict{No, NotEnrolled}, ""},
		{"another is enrolled", on.with(none, mok(c.foreign), db(c.flat)), leaf, Verdict{No, NotEnrolled}, Verdict{No, NotEnrolled}, ""},
		{"the root is in MOK", on.with(mok(c.foreign, c.root), keysOf(2, c.foreign, c.root)), leaf, Verdict{Yes, Trusted}, Verdict{Yes, Trusted}, ".machine"},
		{"Debian's kernel", on.with(debian, mok(c.root), keysOf(1, c.root)), leaf, Verdict{Yes, Trusted}, Verdict{Yes, Trusted}, ".machine"},
		{"the root is in MOK, but was not at the last boot", on.with(mok(c.root), none), leaf, Verdict{No, NotRead}, Verdict{Yes, Trusted}, ""},
		{"no .machine yet", on.with(mok(c.root), keysOf(0, c.root)), leaf, Verdict{Yes, Trusted}, Verdict{Yes, Trusted}, ".platform"},
		{"the leaf is in MOK", on.with(mok(c.leaf), keysOf(1, c.leaf)), leaf, Verdict{Yes, Trusted}, Verdict{Yes, Trusted}, ".machine"},
		{"another leaf is in MOK", on.with(mok(c.other), keysOf(1, c.other)), leaf, Verdict{No, NotEnrolled}, Verdict{No, NotEnrolled}, ""},
		{"dkms's key is in MOK", on.with(mok(c.flat), keysOf(1, c.flat)), flat, Verdict{Yes, Trusted}, Verdict{Yes, Trusted}, ".machine"},
		{"the root is in db", on.with(db(c.root), keysOf(0, c.root)), leaf, Verdict{Yes, Trusted}, Verdict{Yes, Trusted}, ".platform"},
		{"a flat key is in db", on.with(db(c.flat), keysOf(0, c.flat)), flat, Verdict{Yes, Trusted}, Verdict{Yes, Trusted}, ".platform"},
		{"db is ignored", on.with(db(c.root), none, flag(esl.Shim, "MokIgnoreDB", 1)), leaf, Verdict{No, DBIgnored}, Verdict{No, DBIgnored}, ""},
		{"db is ignored, MOK is not", on.with(db(c.root), mok(c.root), keysOf(1, c.root), flag(esl.Shim, "MokIgnoreDB", 1)), leaf, Verdict{Yes, Trusted}, Verdict{Yes, Trusted}, ".machine"},
		{"built in", on.with(keysOf(0, c.root)), leaf, Verdict{Yes, Trusted}, Verdict{Yes, Trusted}, ".builtin_trusted_keys"},

		{"asked for", on.with(none, asked("MokNew", c.root)), leaf, Verdict{No, PendingEnrolment}, Verdict{Yes, PendingEnrolment}, ""},
		{"a flat key asked for", on.with(none, asked("MokNew", c.foreign, c.flat)), flat, Verdict{No, PendingEnrolment}, Verdict{Yes, PendingEnrolment}, ""},
		{"enrolled and asked for", on.with(mok(c.root), keysOf(1, c.root), asked("MokNew", c.root)), leaf, Verdict{Yes, Trusted}, Verdict{Yes, Trusted}, ".machine"},
		{"to be removed", on.with(mok(c.root), keysOf(1, c.root), asked("MokDel", c.root)), leaf, Verdict{Yes, Trusted}, Verdict{No, PendingRemoval}, ".machine"},
		{"another is to be removed", on.with(mok(c.root), keysOf(1, c.root), asked("MokDel", c.flat)), leaf, Verdict{Yes, Trusted}, Verdict{Yes, Trusted}, ".machine"},
		{"removed from MOK, still in db", on.with(db(c.root), mok(c.root), keysOf(1, c.root), asked("MokDel", c.root)), leaf, Verdict{Yes, Trusted}, Verdict{Yes, Trusted}, ".machine"},

		{"the leaf is revoked", on.with(mok(c.root), blacklisting(keysOf(1, c.root), c.leaf), mokx), leaf, Verdict{No, Revoked}, Verdict{No, Revoked}, ".machine"},
		{"another leaf is revoked", on.with(mok(c.root), blacklisting(keysOf(1, c.root), c.leaf), mokx), []*x509.Certificate{c.other, c.root}, Verdict{Yes, Trusted}, Verdict{Yes, Trusted}, ".machine"},
		{"the leaf's certificate is in MOKX", on.with(mok(c.root), keysOf(1, c.root), asked("MokListXRT", c.leaf)), leaf, Verdict{Yes, Trusted}, Verdict{Yes, Trusted}, ".machine"},
		{"a revocation that MokManager refuses", on.with(mok(c.root), keysOf(1, c.root), list(esl.Shim, "MokXNew", mustRevoke(t, c.leaf))), leaf, Verdict{Yes, Trusted}, Verdict{Yes, Trusted}, ".machine"},
		{"an enrolment that MokManager refuses", on.with(none, list(esl.Shim, "MokNew", append(enrolled(c.root), mustRevoke(t, c.leaf))...)), leaf, Verdict{No, NotEnrolled}, Verdict{No, NotEnrolled}, ""},
		{"an enrolment beside a program's", on.with(none, list(esl.Shim, "MokNew", append(enrolled(c.root), esl.Entry{Type: esl.SHA256, Data: make([]byte, 32)})...)), leaf, Verdict{No, PendingEnrolment}, Verdict{Yes, PendingEnrolment}, ""},
		{"a removal that MokManager refuses", on.with(mok(c.root), keysOf(1, c.root), list(esl.Shim, "MokDel", append(enrolled(c.root), mustRevoke(t, c.leaf))...)), leaf, Verdict{Yes, Trusted}, Verdict{Yes, Trusted}, ".machine"},
		{"the root is revoked, and not read from MOK", on.with(mok(c.root), blacklisting(none, c.root), list(esl.Shim, "MokListXRT", mustRevoke(t, c.root))), leaf, Verdict{No, Revoked}, Verdict{No, Revoked}, ""},
		{"the root is revoked, and read from db before", on.with(db(c.root), blacklisting(keysOf(0, c.root), c.root), list(esl.Shim, "MokListXRT", mustRevoke(t, c.root))), leaf, Verdict{Yes, Trusted}, Verdict{Yes, Trusted}, ".platform"},
		{"a leaf signed with SHA-384 is revoked", on.with(mok(c.root), blacklisting(keysOf(1, c.root), c.sha384), list(esl.Shim, "MokListXRT", mustRevoke(t, c.sha384))), []*x509.Certificate{c.sha384, c.root}, Verdict{No, Revoked}, Verdict{No, Revoked}, ".machine"},
		{"revoked in dbx with a time", on.with(mok(c.root), keysOf(1, c.root), dbx(c.leaf)), leaf, Verdict{Yes, Trusted}, Verdict{Yes, Trusted}, ".machine"},
		{"MOKX without Secure Boot", insecure.with(mokx, none), leaf, Verdict{Yes, NotWanted}, Verdict{Yes, NotWanted}, ""},
		{"dbx without Secure Boot", insecure.with(list(esl.Database, "dbx", mustRevoke(t, c.leaf)), blacklisting(none, c.leaf)), leaf, Verdict{No, Revoked}, Verdict{No, Revoked}, ""},

		{"enforced without UEFI", bios.with(none, enforced), leaf, Verdict{No, NotEnrolled}, Verdict{No, NotEnrolled}, ""},
		{"enforced without Secure Boot, MOK is not read", insecure.with(enforced, mok(c.root), none), leaf, Verdict{No, MOKIgnored}, Verdict{No, MOKIgnored}, ""},
		{"enforced without Secure Boot, db is read", insecure.with(enforced, db(c.root), keysOf(0, c.root)), leaf, Verdict{Yes, Trusted}, Verdict{Yes, Trusted}, ".platform"},
		{"another kernel than Debian's, MOK", on.with(enforced, foreign, mok(c.root), keysOf(1, c.root)), leaf, Verdict{Unknown, NotForModules}, Verdict{Unknown, NotForModules}, ""},
		{"another kernel than Debian's, db", on.with(enforced, foreign, db(c.root), keysOf(0, c.root)), leaf, Verdict{Unknown, NotForModules}, Verdict{Unknown, NotForModules}, ""},
		{"another kernel than Debian's, built in", on.with(enforced, foreign, keysOf(0, c.root)), leaf, Verdict{Yes, Trusted}, Verdict{Yes, Trusted}, ".builtin_trusted_keys"},
		{"another kernel than Debian's, nowhere", on.with(enforced, foreign, none), leaf, Verdict{No, NotEnrolled}, Verdict{No, NotEnrolled}, ""},
		{"another kernel than Debian's, an ordinary user", on.with(enforced, foreign), leaf, Verdict{Unknown, HiddenKeys}, Verdict{Unknown, HiddenKeys}, ""},
		{"another kernel than Debian's, which may not ask", on.with(foreign, none), leaf, Verdict{Unknown, HiddenDemand}, Verdict{Unknown, NotEnrolled}, ""},

		{"an ordinary user", on.with(mok(c.root), tree{"proc/keys": ""}), leaf, Verdict{Unknown, HiddenKeys}, Verdict{Yes, Trusted}, ""},
		{"no /proc/keys", on.with(mok(c.foreign)), leaf, Verdict{Unknown, HiddenKeys}, Verdict{No, NotEnrolled}, ""},
		{"variables not mounted", tree{"sys/firmware/efi/systab": ""}.with(none), leaf, Verdict{Unknown, HiddenDemand}, Verdict{Unknown, HiddenLists}, ""},
		{"variables not mounted, but known to the kernel", tree{"sys/firmware/efi/systab": ""}.with(keysOf(1, c.root)), leaf, Verdict{Yes, Trusted}, Verdict{Unknown, HiddenLists}, ""},
		{"variables not mounted, but the kernel's copy of MOK", tree{"sys/firmware/efi/mok-variables/MokListRT": string(esl.Encode(enrolled(c.root)...))}.with(none), leaf, Verdict{Unknown, HiddenDemand}, Verdict{Unknown, HiddenLists}, ""},
		{"no chain", on.with(none), nil, Verdict{No, NotEnrolled}, Verdict{No, NotEnrolled}, ""},
	} {
		trust := m.files.machine(t).Trust(nil)
		got := trust.Of(m.chain...)
		if again := trust.Of(m.chain...); !reflect.DeepEqual(again, got) {
			t.Errorf("%s: asked again:\n%+v, before\n%+v", m.name, again, got)
		}
		if got.Now != m.now || got.Next != m.next || got.Ring != m.ring {
			t.Errorf("%s:\n%+v, want\n%+v %+v %q", m.name, got, m.now, m.next, m.ring)
		}
	}
}

func TestHeld(t *testing.T) {
	c := certificates(t)
	otherType := mustRevoke(t, c.sha384)
	otherType.Type = esl.X509SHA384
	m := secure.with(
		list(esl.Database, "db", enrolled(c.foreign, c.root)...),
		list(esl.Database, "dbx", esl.RevokedInDBX(esl.Shim, c.leaf, time.Time{})),
		list(esl.Shim, "MokListRT", enrolled(c.leaf)...),
		list(esl.Shim, "MokListXRT", append(enrolled(c.root), mustRevoke(t, c.leaf), otherType)...),
	).machine(t)
	want := []Held{{DB, 1, false, true}, {DBX, 0, true, false}, {MOK, 0, false, true}, {MOKX, 0, true, true}, {MOKX, 1, false, false}}
	if got := m.Trust(nil).Of(c.leaf, c.root).Held; !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	if got := m.Trust(nil).Of(c.sha384).Held; !slices.Equal(got, []Held{{MOKX, 0, true, false}}) {
		t.Errorf("a type that Linux does not know: %+v", got)
	}
}

func TestHeldByRequests(t *testing.T) {
	c := certificates(t)
	m := list(esl.Shim, "MokXNew", append(enrolled(c.leaf), mustRevoke(t, c.leaf))...).with(list(esl.Shim, "MokNew", enrolled(c.leaf)...)).machine(t)
	want := []Held{{MOKNew, 0, false, true}, {MOKXNew, 0, false, false}, {MOKXNew, 0, true, false}}
	if got := m.Trust(nil).Of(c.leaf).Held; !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}

func TestIsEnrolled(t *testing.T) {
	c := certificates(t)
	for name, m := range map[string]struct {
		files tree
		want  bool
	}{
		"nowhere":         {secure, false},
		"another":         {list(esl.Shim, "MokListRT", enrolled(c.foreign)...), false},
		"in MOK":          {list(esl.Shim, "MokListRT", enrolled(c.flat)...), true},
		"in db":           {list(esl.Database, "db", enrolled(c.flat)...), true},
		"asked for":       {list(esl.Shim, "MokNew", enrolled(c.flat)...), true},
		"to be revoked":   {list(esl.Shim, "MokXNew", enrolled(c.flat)...), false},
		"built in":        {keysOf(0, c.flat), true},
		"a hash in MOK":   {list(esl.Shim, "MokListRT", mustRevoke(t, c.flat)), false},
		"nothing is read": {tree{"sys/firmware/efi/systab": ""}, false},
	} {
		if got := m.files.machine(t).Trust(nil).Of(c.flat).IsEnrolled(); got != m.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestUnusable(t *testing.T) {
	c := certificates(t)
	for _, m := range []struct {
		config map[string]string
		want   string
	}{
		{nil, ""},
		{map[string]string{"CONFIG_MODULE_SIG": "y"}, "it was built without CONFIG_CRYPTO_ECDSA"},
		{map[string]string{"CONFIG_CRYPTO_ECDSA": "y"}, ""},
	} {
		if got := Unusable(m.config, c.leaf, c.root); got != m.want {
			t.Errorf("%v: %q", m.config, got)
		}
	}
	ed25519 := &x509.Certificate{PublicKeyAlgorithm: x509.Ed25519, Subject: pkix.Name{CommonName: "ed"}}
	odd := &x509.Certificate{PublicKey: &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 2559)}}
	if got := Unusable(nil, odd); got != "it takes RSA keys of 2048, 3072 and 4096 bits, and not of 2560" {
		t.Error(got)
	}
	if got := Unusable(nil, ed25519); got != "it knows no Ed25519 keys" {
		t.Errorf("%q", got)
	}
	old := map[string]string{"CONFIG_LOCK_DOWN_IN_EFI_SECURE_BOOT": "y"}
	m := secure.with(list(esl.Shim, "MokListRT", enrolled(c.root)...), keysOf(1, c.root)).machine(t)
	if got := m.Trust(old).Of(c.leaf, c.root); got.Now != (Verdict{No, UnusableKey}) || got.Next != got.Now {
		t.Errorf("%+v", got)
	}
	old["CONFIG_MODULE_SIG"] = "y"
	if got := (tree{}).machine(t).Trust(old).Of(c.leaf, c.root); got.Now != (Verdict{Unknown, UnusableKey}) || got.Next != got.Now {
		t.Errorf("a kernel that may not ask: %+v", got)
	}
}
