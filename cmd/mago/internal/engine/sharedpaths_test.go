package engine

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"mago/cmd/mago/internal/store"
	"mago/sources/way"
)

// TestCheckDebs: a package that was whole a moment ago is not handed to dpkg once it is another, or can become another.
func TestCheckDebs(t *testing.T) {
	it := newEngine(&base{Paths: Paths{Cache: t.TempDir()}, host: &host{}}).install
	deb := filepath.Join(it.store.Debs(), "a-modules-1_1_all.deb")
	if err := os.MkdirAll(it.store.Debs(), 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(text string) *os.File {
		file, err := os.Create(deb)
		if err == nil {
			_, err = file.WriteString(text)
		}
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	file := write("good")
	sum, size, err := store.SHA256(os.Open(deb))
	if err != nil {
		t.Fatal(err)
	}
	built := store.Record{Module: "a", Kernel: "1", Result: store.Built, Deb: deb, SHA256: sum, Size: size}
	var written *way.WrittenError
	if err := it.checkDebs(built, []string{deb}); !errors.As(err, &written) {
		t.Errorf("open for writing: error %v", err)
	}
	file.Close()
	if err := it.checkDebs(built, []string{deb}); err != nil {
		t.Errorf("as it was built: error %v", err)
	}
	write("evil").Close()
	var not *NotBuiltError
	if err := it.checkDebs(built, []string{deb}); !errors.As(err, &not) {
		t.Errorf("another file: error %v", err)
	}
}
