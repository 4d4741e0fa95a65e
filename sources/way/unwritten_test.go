package way

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestCheckUnwritten: who may not open a file any more may have it open still.
func TestCheckUnwritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.deb")
	writer, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := Find(path)
	if err != nil {
		t.Fatal(err)
	}
	var written *WrittenError
	if err := w.CheckUnwritten(); !errors.As(err, &written) || written.Path != w.Path {
		t.Errorf("open for writing: error %v", err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.CheckUnwritten(); err != nil {
		t.Errorf("closed: error %v", err)
	}
	if err := errors.Join(os.WriteFile(path+".new", nil, 0o644), os.Rename(path+".new", path)); err != nil {
		t.Fatal(err)
	}
	var changed *ChangedError
	if err := w.CheckUnwritten(); !errors.As(err, &changed) {
		t.Errorf("another file of the name: error %v", err)
	}
}
