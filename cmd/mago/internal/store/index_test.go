package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"mago/debpkg/payload"
	"mago/kbuild/recipe"
)

// fill lays out records of modules for kernels with so many inputs, every tenth unit with a failure beside it.
func fill(t testing.TB, s *Store, modules, kernels, inputCount int) {
	t.Helper()
	var inputs []Input
	for i := range inputCount {
		inputs = append(inputs, Input{"tool", fmt.Sprintf("package-%d", i), "1.2.3-4", strings.Repeat("0a", 32)})
	}
	for m := range modules {
		for k := range kernels {
			r := Record{Format: Format, Module: fmt.Sprintf("module%d", m), Kernel: fmt.Sprintf("6.1.0-%d-amd64", k), Result: Built}
			r.Version, r.SHA256, r.Inputs, r.Started = "1.0-1+6.1.27-1", strings.Repeat("ab", 32), inputs, time.Unix(1700000000, 0).UTC()
			r.Source = Source{Package: r.Module + "-dkms", Version: "1.0-1", Origin: "archive", SHA256: r.SHA256}
			r.Package = r.Module + "-modules-" + r.Kernel
			r.Deb = filepath.Join(s.Debs(), r.Package+"_"+r.Version+"_amd64.deb")
			put(t, s, r)
			if (m*kernels+k)%10 == 0 {
				r.Result = Failed
				put(t, s, r)
			}
		}
	}
}

// put writes a record without the rest of a build.
func put(t testing.TB, s *Store, r Record) {
	t.Helper()
	path := filepath.Join(s.Dir(r.ID()), recordFile)
	if r.Result != Built {
		path = filepath.Join(s.Dir(r.ID()), failureFile)
	}
	r.Log = strings.Replace(path, ".json", ".log", 1)
	text, err := json.Marshal(r)
	if err := errors.Join(err, os.MkdirAll(s.Dir(r.ID()), 0o755), os.WriteFile(path+".new", text, 0o644), os.Rename(path+".new", path)); err != nil {
		t.Fatal(err)
	}
}

// settled has a store take every file for old, which only waiting could make it.
func settled(dir string) *Store {
	s := Open(dir)
	s.now = func() time.Time { return time.Now().Add(time.Hour) }
	return s
}

// all lists the records, and says how many files that parsed.
func all(t testing.TB, s *Store) ([]Record, int) {
	t.Helper()
	before := s.parsed
	records, err := s.All()
	if err != nil {
		t.Fatal(err)
	}
	return records, s.parsed - before
}

// TestAllParsesOnce: thousands of records are parsed once, and later only those that have changed, by whoever lists them.
func TestAllParsesOnce(t *testing.T) {
	dir := t.TempDir()
	s := settled(dir)
	fill(t, s, 50, 100, 1)
	const files = 5500
	first, parsed := all(t, s)
	if len(first) != files || parsed != files {
		t.Fatalf("first: %d records, %d parsed", len(first), parsed)
	}
	if again, parsed := all(t, s); parsed != 0 || !reflect.DeepEqual(again, first) {
		t.Errorf("again: %d parsed, or not the same", parsed)
	}
	s = settled(dir)
	if again, parsed := all(t, s); parsed != 0 || !reflect.DeepEqual(again, first) {
		t.Errorf("another process: %d parsed, or not the same", parsed)
	}
	for id, u := range s.known {
		if u.read != "" {
			t.Fatalf("%v: its records' text is in memory", id)
		}
	}
	changed := first[7]
	changed.Version = "2.0"
	put(t, s, changed)
	if err := os.RemoveAll(s.Dir(first[20].ID())); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Store{s, settled(dir)} {
		if again, parsed := all(t, s); parsed != 1 || len(again) >= files || again[7].Version != "2.0" {
			t.Errorf("one has changed and one is gone: %d parsed, %d records, version %s", parsed, len(again), again[7].Version)
		}
	}
}

// TestIndexIsOnlyACopy: whatever the index holds, All gives what the records do.
func TestIndexIsOnlyACopy(t *testing.T) {
	dir := t.TempDir()
	fill(t, settled(dir), 2, 50, 1)
	want, _ := all(t, settled(dir))
	path := filepath.Join(dir, indexFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Replace(text, []byte("1.0-1"), []byte("9.0-1"), 1)
	noise, long := make([]byte, len(text)), bytes.Clone(text)
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise)
	copy(long[len(indexFormat)+sha256.Size:], bytes.Repeat([]byte{0xff}, 8)) // the length of the table
	for name, damaged := range map[string][]byte{
		"a changed byte": flipped, "cut": text[:len(text)/2], "empty": nil, "another format": append([]byte("mago records 0\n"), text[len(indexFormat):]...),
		"noise": noise, "noise behind its name": append([]byte(indexFormat), noise...)[:len(text)], "a length of no table": long, "one more byte": append(bytes.Clone(text), 0), "of another cache": otherIndex(t),
	} {
		if err := os.WriteFile(path, damaged, 0o644); err != nil {
			t.Fatal(err)
		}
		if got, parsed := all(t, settled(dir)); parsed == 0 || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %d parsed, or not the records", name, parsed)
		}
		if now, err := os.ReadFile(path); err != nil || len(now) != len(text) {
			t.Errorf("%s: not written anew: %d bytes, %v", name, len(now), err)
		}
	}
}

// otherIndex is the whole index of other records of the same units.
func otherIndex(t *testing.T) []byte {
	t.Helper()
	s := settled(t.TempDir())
	fill(t, s, 2, 50, 0)
	records, _ := all(t, settled(s.dir))
	for _, r := range records {
		r.Version = "9.0-1+6.1.27-1"
		put(t, s, r)
	}
	if err := s.DropIndex(); err != nil {
		t.Fatal(err)
	}
	all(t, settled(s.dir))
	text, err := os.ReadFile(filepath.Join(s.dir, indexFile))
	if err != nil || !bytes.Contains(text, []byte("9.0-1")) {
		t.Fatal(err)
	}
	return text
}

// TestIndexIsReplaced: an index that another process writes meanwhile, and one that a killed process has left, harm nobody, and a
// store goes on reading the one that it has opened.
func TestIndexIsReplaced(t *testing.T) {
	dir := t.TempDir()
	fill(t, settled(dir), 2, 50, 1)
	want, _ := all(t, settled(dir))
	left := filepath.Join(dir, "unfinished."+indexFile+".1")
	if err := errors.Join(os.WriteFile(left, []byte("half"), 0o600), os.Remove(filepath.Join(dir, indexFile))); err != nil {
		t.Fatal(err)
	}
	all(t, settled(dir)) // which writes it anew
	reading := settled(dir)
	all(t, reading)
	if err := errors.Join(reading.DropIndex(), os.WriteFile(filepath.Join(dir, indexFile), nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	if got, parsed := all(t, reading); parsed != 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("%d parsed, or not the records", parsed)
	}
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was left: %v", err)
	}
	if info, err := os.Stat(filepath.Join(dir, indexFile)); err != nil || info.Mode() != 0o644 {
		t.Errorf("%v, %v", info, err)
	}
}

// TestAllWithoutIndex: a directory that cannot be written to has no index, and is listed all the same; so is one with few
// records.
func TestAllWithoutIndex(t *testing.T) {
	for kernels, want := range map[int]bool{10: false, 100: true} {
		s := settled(t.TempDir())
		fill(t, s, 1, kernels, 1)
		all(t, s)
		if _, err := os.Stat(filepath.Join(s.dir, indexFile)); (err == nil) != want {
			t.Errorf("%d records: %v", kernels, err)
		}
	}
	s := settled(t.TempDir())
	fill(t, s, 1, 100, 1)
	if err := os.MkdirAll(filepath.Join(s.dir, indexFile, "held"), 0o755); err != nil { // root may write everywhere else
		t.Fatal(err)
	}
	if records, _ := all(t, s); len(records) != 110 {
		t.Errorf("%d records", len(records))
	}
}

// TestYoungRecords: a file that has just changed may change again within the time that its stamp counts in, so it is not
// taken for read.
func TestYoungRecords(t *testing.T) {
	s := Open(t.TempDir())
	fill(t, s, 1, 1, 1)
	s.now = func() time.Time { return time.Now().Add(-time.Hour) }
	for range 2 {
		if records, parsed := all(t, s); len(records) != 2 || parsed != 2 {
			t.Errorf("%d records, %d parsed", len(records), parsed)
		}
	}
}

// TestIndexKeepsAll: a copy in the index has every field of a record.
func TestIndexKeepsAll(t *testing.T) {
	r := Record{Needed: []Needed{{}}, Modules: []string{""}, Modprobe: []string{""}, Unauthenticated: []string{""}, Allowed: []payload.Grant{{}}, Cause: &recipe.Cause{}, Common: &Package{}, Reused: &Reuse{}, Signed: &Signed{}}
	n := 0
	spoil(reflect.ValueOf(&r).Elem(), &n)
	var got Record
	d := decoder{text: string(encode(nil, reflect.ValueOf(r)))}
	if d.into(reflect.ValueOf(&got).Elem()); d.err != nil || d.text != "" || !reflect.DeepEqual(got, r) {
		t.Errorf("%v, %q left\n%+v\n%+v", d.err, d.text, got, r)
	}
}

// spoil fills every field with another value.
func spoil(v reflect.Value, n *int) {
	*n++
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Unix(int64(*n), 0).UTC()))
	case v.Kind() == reflect.String:
		v.SetString(fmt.Sprint(*n))
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.CanInt():
		v.SetInt(int64(*n))
	case v.CanFloat():
		v.SetFloat(float64(*n))
	case v.Kind() == reflect.Pointer:
		spoil(v.Elem(), n)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			spoil(v.Field(i), n)
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			spoil(v.Index(i), n)
		}
	}
}

// BenchmarkAll lists 5,500 records with an index, as list, status and completion do at their start.
func BenchmarkAll(b *testing.B) {
	dir := b.TempDir()
	fill(b, settled(dir), 50, 100, 80)
	all(b, settled(dir))
	for b.Loop() {
		all(b, settled(dir))
	}
}

// BenchmarkAllWithoutIndex lists them without one.
func BenchmarkAllWithoutIndex(b *testing.B) {
	dir := b.TempDir()
	fill(b, settled(dir), 50, 100, 80)
	for b.Loop() {
		b.StopTimer()
		if err := os.RemoveAll(filepath.Join(dir, indexFile)); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		all(b, settled(dir))
	}
}

// What has failed only has no good build, as the files have it and as the index does.
func TestBuilds(t *testing.T) {
	dir := t.TempDir()
	good := Record{Format: Format, Module: "good", Kernel: "6.1", Result: Built, Version: "1"}
	bad := Record{Format: Format, Module: "bad", Kernel: "6.1", Result: Failed, Version: "1"}
	later := good
	later.Result = Failed
	for _, r := range []Record{good, later, bad} {
		put(t, Open(dir), r)
	}
	check := func(s *Store, parsed int) {
		t.Helper()
		builds, err := s.Builds()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range []Record{good, bad, {Module: "none", Kernel: "6.1"}} {
			last, ok := builds.Last(r.ID())
			if want := r.Module == "good"; builds.Has(r.ID()) != want || ok != want || ok && last.Result != Built {
				t.Errorf("%s: has %v, last is %v, %q", r.Module, builds.Has(r.ID()), ok, last.Result)
			}
		}
		if s.parsed != parsed {
			t.Errorf("%d files were parsed, not %d", s.parsed, parsed)
		}
	}
	s := settled(dir)
	check(s, 3)
	if err := s.writeIndex(); err != nil {
		t.Fatal(err)
	}
	check(settled(dir), 0)
}

// TestIndexFormat fails where Record or unitEntry has changed and indexFormat has not: an index of before has not all of it.
func TestIndexFormat(t *testing.T) {
	shape := map[string]string{"mago records 10\n": "34f59991"}[indexFormat]
	sum := sha256.Sum256([]byte(describe(reflect.TypeFor[unitEntry]()) + describe(reflect.TypeFor[Record]())))
	if now := hex.EncodeToString(sum[:4]); now != shape {
		t.Errorf("unitEntry and Record are now %s, and %q was for %s: count indexFormat up, and note the new one here", now, indexFormat, shape)
	}
}

// describe spells a type's fields out.
func describe(t reflect.Type) (text string) {
	switch {
	case t.Kind() == reflect.Struct && t != reflect.TypeFor[time.Time]():
		for i := range t.NumField() {
			text += t.Field(i).Name + " " + describe(t.Field(i).Type) + "\n"
		}
		return text
	case t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice:
		return t.Kind().String() + " of " + describe(t.Elem())
	}
	return t.Kind().String()
}
