package engine

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// FuzzReadRecordFile: whatever a build's record has become, it is none, and the build is done again, or that of its unit.
func FuzzReadRecordFile(f *testing.F) {
	for _, text := range []string{
		`{"format":1,"module":"hello","kernel":"6.1.0-9-amd64","result":"built","version":"1.0","deb":"/x.deb","size":5}`,
		`{"format":1,"module":"hello","kernel":"6.1.0-9-amd64","result":"built","common":{}}`,
		`{"format":1,"module":"other","kernel":"6.1.0-9-amd64","result":"built"}`,
		`{"format":2,"module":"hello","kernel":"6.1.0-9-amd64"}`, `{"format":1,"module":"hel`, "{}", "null", "",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p := Paths{Cache: t.TempDir()}
		path := filepath.Join(p.unitDir("hello", "6.1.0-9-amd64"), RecordFile)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		r, ok := p.readRecord("hello", "6.1.0-9-amd64")
		if ok && (r.Module != "hello" || r.Kernel != "6.1.0-9-amd64" || r.Format != 1) {
			t.Errorf("the record is %+v", r)
		}
		if all, err := p.records(); err != nil || (len(all) == 1) != ok {
			t.Errorf("%d records, %v", len(all), err)
		}
		if p.hasDeb(r) {
			t.Errorf("a package that is not there: %q", r.Deb)
		}
	})
}

// TestUnreadable: what a disk does not give is not taken for what is not there, or clean would remove what is needed.
func TestUnreadable(t *testing.T) {
	p := Paths{Cache: t.TempDir()}
	if all, err := p.records(); err != nil || len(all) != 0 {
		t.Errorf("nothing there: got %v, %v", all, err)
	}
	record := filepath.Join(p.unitDir("hello", "6.1.0-9-amd64"), RecordFile)
	if err := os.MkdirAll(record, 0o755); err != nil { // read(2) of it fails
		t.Fatal(err)
	}
	if _, err := p.records(); !errors.Is(err, syscall.EISDIR) {
		t.Errorf("a record that cannot be read: got %v", err)
	}
	builds := filepath.Join(p.Cache, "builds")
	if err := errors.Join(os.RemoveAll(builds), os.Symlink("builds", builds)); err != nil {
		t.Fatal(err)
	}
	if _, err := p.records(); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("a directory that cannot be read: got %v", err)
	}
}

// A record whose words could not have been built is none, whoever wrote it.
func TestRecordWithUnfitWords(t *testing.T) {
	good := Record{Format: 1, Module: "hello", Kernel: "6.1", Package: "hello-modules-6.1", Version: "1.0+6.1", RecipeName: "hello", RecipeVersion: "1:1.0_x"}
	good.Source = RecordSource{Package: "hello-dkms", Version: "1.0-1"}
	path := "builds/hello/6.1/" + RecordFile
	if !good.at(path) {
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
		if at := strings.Replace(path, "hello", r.Module, 1); r.at(at) {
			t.Errorf("%s: taken", name)
		}
	}
}

// TestHasDebOfItsOwn: a package that others could have written to since is as good as not there, and so is one elsewhere.
func TestHasDebOfItsOwn(t *testing.T) {
	p := Paths{Cache: t.TempDir()}
	r := Record{Result: ResultBuilt, Deb: filepath.Join(p.Debs(), "hello.deb"), Size: 4}
	write := func(path string, mode os.FileMode) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte("text"), 0o600), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
	}
	for mode, want := range map[os.FileMode]bool{0o644: true, 0o600: true, 0o664: false, 0o646: false} {
		if write(r.Deb, mode); p.hasDeb(r) != want {
			t.Errorf("mode %v: %v", mode, !want)
		}
	}
	r.Deb = filepath.Join(t.TempDir(), "hello.deb")
	if write(r.Deb, 0o644); p.hasDeb(r) {
		t.Error("one that lies elsewhere serves")
	}
}

// TestCommonThatNobodyVouchesFor: common files that another kernel's build has written since serve this one too, unless no
// signature covers them.
func TestCommonThatNobodyVouchesFor(t *testing.T) {
	for unauthenticated, want := range map[bool]bool{false: true, true: false} {
		p := Paths{Cache: t.TempDir()}
		deb, common := filepath.Join(p.Debs(), "hello.deb"), filepath.Join(p.Debs(), "hello-common.deb")
		if err := errors.Join(os.Mkdir(p.Debs(), 0o755), os.WriteFile(deb, []byte("text"), 0o644), os.WriteFile(common, []byte("other"), 0o644)); err != nil {
			t.Fatal(err)
		}
		sum, _, err := sha256Of(deb)
		now, _, commonErr := sha256Of(common)
		if err := errors.Join(err, commonErr); err != nil {
			t.Fatal(err)
		}
		own := Record{Format: 1, Module: "hello", Kernel: "6.1", Result: ResultBuilt, Version: "1", Deb: deb, Size: 4, SHA256: sum, Common: &builtPackage{Deb: common, SHA256: "before"}}
		other := own
		other.Kernel, other.Common, other.Source.Unauthenticated = "6.2", &builtPackage{Deb: common, SHA256: now}, unauthenticated
		for _, r := range []Record{own, other} {
			dir := p.unitDir("hello", r.Kernel)
			if err := errors.Join(os.MkdirAll(dir, 0o755), writeRecordFile(filepath.Join(dir, RecordFile), r)); err != nil {
				t.Fatal(err)
			}
		}
		if p.IsWhole(own) != want || !p.IsWhole(other) {
			t.Errorf("unauthenticated %v: %v, %v", unauthenticated, p.IsWhole(own), p.IsWhole(other))
		}
	}
}
