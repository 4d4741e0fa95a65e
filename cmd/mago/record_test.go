package main

import (
	"os"
	"path/filepath"
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
		p := paths{cache: t.TempDir()}
		path := filepath.Join(p.unitDir("hello", "6.1.0-9-amd64"), recordFile)
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
		if r.hasDeb() {
			t.Errorf("a package that is not there: %q", r.Deb)
		}
	})
}
