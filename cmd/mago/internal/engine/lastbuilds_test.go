package engine

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"mago/cmd/mago/internal/store"
)

// TestLastBuild: a unit's own last build tells what to expect, and where there is none the newest of its module, but no failure.
func TestLastBuild(t *testing.T) {
	cache := t.TempDir()
	s := store.Open(cache)
	for i, r := range []store.Record{
		{Module: "zfs", Kernel: "1-a", Files: 10}, {Module: "zfs", Kernel: "3-a", Files: 30}, {Module: "zfs", Kernel: "2-a", Files: 20}, {Module: "jool", Kernel: "1-a", Files: 5},
	} {
		r.Format, r.Result, r.Started = store.Format, store.Built, time.Unix(int64(100-10*i), 0).UTC()
		if r.Kernel == "3-a" {
			r.Started = time.Unix(1000, 0).UTC()
		}
		text, err := json.Marshal(r)
		if err := errors.Join(err, os.MkdirAll(s.Dir(r.ID()), 0o755), os.WriteFile(filepath.Join(s.Dir(r.ID()), "record.json"), text, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	b := &base{store: s, known: new(known)}
	for id, want := range map[UnitID]int{{Module: "zfs", Kernel: "2-a"}: 20, {Module: "zfs", Kernel: "4-a"}: 30, {Module: "jool", Kernel: "9"}: 5, {Module: "evdi", Kernel: "1-a"}: 0} {
		if r, ok := b.lastBuild(id); r.Files != want || ok != (want > 0) {
			t.Errorf("%v: %d files (%t), want %d", id, r.Files, ok, want)
		}
	}
}

func TestFileCount(t *testing.T) {
	var c fileCount
	for i, want := range []int{1, 2, 3, 4, 5} { // of two programs
		if got := c.with([]int{1, 2, 3, 1, 2}[i]); got != want {
			t.Errorf("file %d is counted as %d", want, got)
		}
	}
}
