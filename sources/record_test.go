package sources

import (
	"os"
	"testing"
	"time"
)

// TestRecordStaysInItsTree: what a kill would leave of a record lies where the next run looks for it, not in TMPDIR.
func TestRecordStaysInItsTree(t *testing.T) {
	dir, tmp := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", tmp)
	untouched := time.Unix(1e9, 0)
	if err := os.Chtimes(tmp, untouched, untouched); err != nil {
		t.Fatal(err)
	}
	if err := (record{Name: "hello", Version: "1.0"}).write(dir); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(tmp); err != nil || !info.ModTime().Equal(untouched) {
		t.Errorf("something was written to TMPDIR at %v, %v", info.ModTime(), err)
	}
	if _, err := readRecord(dir); err != nil {
		t.Error(err)
	}
}
