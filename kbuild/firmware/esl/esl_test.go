package esl

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// What Debian 13's efitools 1.9.2 have written into testdata, of two certificates that openssl made:
//
//	openssl req -x509 -newkey rsa:2048 -sha256 -nodes -keyout kek.key -out kek.pem -subj /CN=kek
//	openssl req -x509 -newkey rsa:2048 -sha256 -nodes -keyout root.key -out root.pem -subj /O=mago/CN=root
//	cert-to-efi-sig-list -g 11111111-2222-3333-4455-66778899aabb root.pem root.esl
//	cert-to-efi-hash-list -g 11111111-2222-3333-4455-66778899aabb -s 256 root.pem never.esl
//	cert-to-efi-hash-list -g 11111111-2222-3333-4455-66778899aabb -s 256 -t "2026-01-02 03:04:05" root.pem since.esl
//	sign-efi-sig-list -t "2026-01-02 03:04:05" -k kek.key -c kek.pem db root.esl db.auth
//	sign-efi-sig-list -t "2026-01-02 03:04:05" -k kek.key -c kek.pem -a dbx since.esl dbx.auth
func file(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

var owner = mustGUID("11111111-2222-3333-4455-66778899aabb")

func TestEncodeIsEfitools(t *testing.T) {
	root := certificate(t, "root.der")
	for name, entry := range map[string]Entry{
		"root.esl":  Certificate(owner, root),
		"never.esl": RevokedInDBX(owner, root, time.Time{}),
		"since.esl": RevokedInDBX(owner, root, stamp),
	} {
		want := file(t, name)
		if got := Encode(entry); !bytes.Equal(got, want) {
			t.Errorf("%s:\n%x, efitools:\n%x", name, got, want)
		}
		if got, err := Parse(want); err != nil || !reflect.DeepEqual(got, []Entry{entry}) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestEncodeShares(t *testing.T) {
	hash, certificate := Entry{Type: SHA256, Data: make([]byte, 32)}, Entry{Type: X509, Data: make([]byte, 32)}
	short := Entry{Type: SHA256, Data: make([]byte, 31)}
	const head, hashed = listHeader, ownerSize + 32
	for _, c := range []struct {
		entries []Entry
		size    int
	}{
		{nil, 0},
		{[]Entry{hash}, head + hashed},
		{[]Entry{hash, hash, hash}, head + 3*hashed},
		{[]Entry{certificate, certificate}, 2 * (head + hashed)},
		{[]Entry{hash, certificate, hash}, 3 * (head + hashed)},
		{[]Entry{hash, short}, 2*(head+hashed) - 1},
	} {
		data := Encode(c.entries...)
		if len(data) != c.size {
			t.Errorf("%d entries: %d bytes, want %d", len(c.entries), len(data), c.size)
		}
		if got, err := Parse(data); err != nil || len(got) != len(c.entries) {
			t.Errorf("%d entries: %d, %v", len(c.entries), len(got), err)
		}
	}
}

func TestParse(t *testing.T) {
	good := Encode(Entry{Type: SHA256, Data: make([]byte, 32)})
	with := func(at int, value uint32) []byte {
		data := slices.Clone(good)
		binary.LittleEndian.PutUint32(data[at:], value)
		return data
	}
	headed := slices.Concat(with(16, 80)[:28], []byte("head"), good[28:])
	binary.LittleEndian.PutUint32(headed[20:], 4)
	for _, c := range []struct {
		name  string
		data  []byte
		n     int
		wrong string
	}{
		{"nothing", nil, 0, ""},
		{"one", good, 1, ""},
		{"a header", headed, 1, ""},
		{"cut short", good[:27], 0, "byte 0: 27 bytes are too few"},
		{"a second one cut short", slices.Concat(good, good[:40]), 1, "byte 76: a list of 76 bytes in 40"},
		{"no size", with(16, 0), 0, "a list of 0 bytes"},
		{"larger than all", with(16, 1<<31), 0, "in 76"},
		{"smaller than its head", with(16, 27), 0, "a list of 27 bytes"},
		{"a header larger than all", with(20, 1<<32-1), 0, "a header of 4294967295"},
		{"entries without an owner", with(24, 12), 0, "entries of 12"},
		{"entries of nothing", with(24, 0), 0, "entries of 0"},
		{"entries that do not fit", with(24, 47), 0, "entries of 47"},
		{"no entry", with(16, 28)[:28], 0, "a list of 28 bytes"},
	} {
		got, err := Parse(c.data)
		if len(got) != c.n || (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: %d entries, %v", c.name, len(got), err)
		}
	}
}

func TestGUID(t *testing.T) {
	if got := mustGUID("d719b2cb-3d3a-4596-a3bc-dad00e67656f"); got.String() != "d719b2cb-3d3a-4596-a3bc-dad00e67656f" || got[0] != 0xcb || got[8] != 0xa3 {
		t.Errorf("%s, %x", got, got[:])
	}
	for _, text := range []string{"", "d719b2cb", "d719b2cb3d3a4596a3bcdad00e67656f", "g719b2cb-3d3a-4596-a3bc-dad00e67656f", "d719b2-cb3d3a-4596-a3bc-dad00e67656f"} {
		if g, err := ParseGUID(text); err == nil {
			t.Errorf("%q is %s", text, g)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(file(f, "root.esl"))
	f.Add(slices.Concat(file(f, "since.esl"), file(f, "never.esl")))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := Parse(data)
		size := 0
		for _, e := range entries {
			size += ownerSize + len(e.Data)
		}
		if size > len(data) {
			t.Fatalf("%d bytes of entries in %d", size, len(data))
		}
		again, err2 := Parse(Encode(entries...))
		if err2 != nil || !reflect.DeepEqual(again, entries) {
			t.Fatalf("%v (%v) is %v when encoded (%v)", entries, err, again, err2)
		}
	})
}
