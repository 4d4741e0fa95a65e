package store

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// FuzzReadRecordFile: whatever a build's record has become, it is none, and the build is done again, or that of its unit.
func FuzzReadRecordFile(f *testing.F) {
	for _, text := range []string{
		`{"format":1,"module":"hello","kernel":"6.1.0-9-amd64","result":"built","version":"1.0","deb":"/x.deb","size":5}`,
		`{"format":1,"module":"hello","kernel":"6.1.0-9-amd64","result":"built","common":{}}`,
		`{"format":1,"module":"other","kernel":"6.1.0-9-amd64","result":"built"}`,
		`{"format":2,"module":"hello","kernel":"6.1.0-9-amd64","key":"k","inputs":[{"role":"tool","name":"make"}]}`, `{"format":4,"module":"hello","kernel":"6.1.0-9-amd64"}`, `{"format":1,"module":"hel`, "{}", "null", "",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s := Open(t.TempDir())
		path := filepath.Join(s.Dir(ID{"hello", "6.1.0-9-amd64"}), recordFile)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		r, ok := s.Get(ID{"hello", "6.1.0-9-amd64"})
		if ok && (r.Module != "hello" || r.Kernel != "6.1.0-9-amd64" || r.Format < 1 || r.Format > Format) {
			t.Errorf("the record is %+v", r)
		}
		if all, err := s.All(); err != nil || (len(all) == 1) != ok {
			t.Errorf("%d records, %v", len(all), err)
		}
		if s.HasDeb(r) {
			t.Errorf("a package that is not there: %q", r.Deb)
		}
	})
}

// TestUnreadable: what a disk does not give is not taken for what is not there, or clean would remove what is needed.
func TestUnreadable(t *testing.T) {
	s := Open(t.TempDir())
	if all, err := s.All(); err != nil || len(all) != 0 {
		t.Errorf("nothing there: got %v, %v", all, err)
	}
	record := filepath.Join(s.Dir(ID{"hello", "6.1.0-9-amd64"}), recordFile)
	if err := os.MkdirAll(record, 0o755); err != nil { // read(2) of it fails
		t.Fatal(err)
	}
	if _, err := s.All(); !errors.Is(err, syscall.EISDIR) {
		t.Errorf("a record that cannot be read: got %v", err)
	}
	builds := filepath.Join(s.dir, "builds")
	if err := errors.Join(os.RemoveAll(builds), os.Symlink("builds", builds)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.All(); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("a directory that cannot be read: got %v", err)
	}
}

// TestRecordWithUnfitWords: a record whose words could not have been built is none, whoever wrote it.
func TestRecordWithUnfitWords(t *testing.T) {
	good := Record{Format: 1, Module: "hello", Kernel: "6.1", Package: "hello-modules-6.1", Version: "1.0+6.1", RecipeName: "hello", RecipeVersion: "1:1.0_x"}
	good.Source = Source{Package: "hello-dkms", Version: "1.0-1"}
	if !good.isOf(good.ID()) {
		t.Fatal("a good record is none")
	}
	for name, spoil := range map[string]func(*Record){
		"package":        func(r *Record) { r.Package = "-oX=y" },
		"source package": func(r *Record) { r.Source.Package = "dpkg-" },
		"version":        func(r *Record) { r.Version = "1;id" },
		"source version": func(r *Record) { r.Source.Version = "-1" },
		"recipe's name":  func(r *Record) { r.RecipeName = "../x" },
		"its version":    func(r *Record) { r.RecipeVersion = "$(id)" },
		"module":         func(r *Record) { r.Module = "Hello" },
	} {
		r := good
		spoil(&r)
		if r.isOf(r.ID()) {
			t.Errorf("%s: taken", name)
		}
	}
}

// TestHasDebOfItsOwn: a package that others could have written to since is as good as not there, and so is one elsewhere.
func TestHasDebOfItsOwn(t *testing.T) {
	s := Open(t.TempDir())
	r := Record{Result: Built, Deb: filepath.Join(s.Debs(), "hello.deb"), Size: 4}
	write := func(path string, mode os.FileMode) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte("text"), 0o600), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
	}
	for mode, want := range map[os.FileMode]bool{0o644: true, 0o600: true, 0o664: false, 0o646: false} {
		if write(r.Deb, mode); s.HasDeb(r) != want {
			t.Errorf("mode %v: %v", mode, !want)
		}
	}
	r.Deb = filepath.Join(t.TempDir(), "hello.deb")
	if write(r.Deb, 0o644); s.HasDeb(r) {
		t.Error("one that lies elsewhere serves")
	}
}

// TestCommonThatNobodyVouchesFor: common files that another kernel's build has written since serve this one too, unless no
// signature covers them.
func TestCommonThatNobodyVouchesFor(t *testing.T) {
	for unauthenticated, want := range map[bool]bool{false: true, true: false} {
		s := Open(t.TempDir())
		deb, common := filepath.Join(s.Debs(), "hello.deb"), filepath.Join(s.Debs(), "hello-common.deb")
		if err := errors.Join(os.Mkdir(s.Debs(), 0o755), os.WriteFile(deb, []byte("text"), 0o644), os.WriteFile(common, []byte("other"), 0o644)); err != nil {
			t.Fatal(err)
		}
		sum, _, err := SHA256(os.Open(deb))
		now, _, commonErr := SHA256(os.Open(common))
		if err := errors.Join(err, commonErr); err != nil {
			t.Fatal(err)
		}
		own := Record{Format: 1, Module: "hello", Kernel: "6.1", Result: Built, Version: "1", Deb: deb, Size: 4, SHA256: sum, Common: &Package{Deb: common, SHA256: "before"}}
		other := own
		other.Kernel, other.Common, other.Source.Unauthenticated = "6.2", &Package{Deb: common, SHA256: now}, unauthenticated
		for _, r := range []Record{own, other} {
			dir := s.Dir(ID{"hello", r.Kernel})
			if err := errors.Join(os.MkdirAll(dir, 0o755), writeRecord(filepath.Join(dir, recordFile), r)); err != nil {
				t.Fatal(err)
			}
		}
		if s.IsWhole(own) != want || !s.IsWhole(other) {
			t.Errorf("unauthenticated %v: %v, %v", unauthenticated, s.IsWhole(own), s.IsWhole(other))
		}
	}
}
