package soak

import (
	"os"
	"path/filepath"
	"testing"

	"mago/cmd/lab/internal/debian"
)

// What a kill has left finished may be installed or purged after it, but not built again.
func TestRebuilt(t *testing.T) {
	m := &machine{System: &debian.System{Dir: t.TempDir()}}
	file := m.Path(filepath.Join(usual.cache, "builds/hello/6.1/record.json"))
	write := func(text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"started": "2026-11-29T09:00:00Z"}`)
	finished := m.finished()
	if len(finished) != 1 {
		t.Fatalf("finished are %v", finished)
	}
	write(`{"started": "2026-11-29T09:00:00Z", "installed_sha256": "ab"}`)
	if found := m.rebuilt(finished); len(found) != 0 {
		t.Errorf("installed: %v", found)
	}
	write(`{"started": "2026-11-29T09:00:01Z"}`)
	if found := m.rebuilt(finished); len(found) != 1 {
		t.Errorf("built again: %v", found)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if found := m.rebuilt(finished); len(found) != 0 {
		t.Errorf("purged: %v", found)
	}
}
