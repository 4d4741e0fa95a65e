package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// unfinishedBuild lays out what a build of hello leaves before it is kept, beside the record of an earlier one.
func unfinishedBuild(t *testing.T, before, now string) (*Store, Record, *os.File) {
	t.Helper()
	dir := t.TempDir()
	s := Open(dir)
	r := Record{Format: 1, Module: "hello", Kernel: "6.1", Result: Built, Deb: filepath.Join(s.Debs(), "hello.deb"), SHA256: now}
	for _, dir := range []string{s.Dir(ID{"hello", "6.1"}), s.Stage(ID{"hello", "6.1"})} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	log, err := s.CreateLog(ID{"hello", "6.1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	old := r
	old.SHA256, old.Current = before, before
	if err := writeRecord(filepath.Join(s.Dir(ID{"hello", "6.1"}), recordFile), old); err != nil {
		t.Fatal(err)
	}
	return s, r, log
}

func TestKeepBuilt(t *testing.T) {
	s, r, log := unfinishedBuild(t, "old", "new")
	staged := filepath.Join(s.Stage(ID{"hello", "6.1"}), "hello.deb")
	if err := os.WriteFile(staged, []byte("package"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(&r, log); err != nil {
		t.Fatal(err)
	}
	if kept, ok := s.Get(ID{"hello", "6.1"}); !ok || kept.SHA256 != "new" || kept.Current != "old" {
		t.Errorf("kept %+v", kept)
	}
	for _, path := range []string{r.Deb, r.Log} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

// TestKeepBrokenOff has the package miss, so that Commit ends between the old record and the new one.
func TestKeepBrokenOff(t *testing.T) {
	for now, stays := range map[string]bool{"new": false, "old": true} {
		s, r, log := unfinishedBuild(t, "old", now)
		if err := s.Commit(&r, log); err == nil {
			t.Fatal("no error")
		}
		if kept, ok := s.Get(ID{"hello", "6.1"}); ok != stays || ok && kept.SHA256 != "old" {
			t.Errorf("package %s: there is the record %+v, %v", now, kept, ok)
		}
	}
}

// TestKeepEndsFailure has the failure stay, so that Commit ends there: with the record it would stay for good.
func TestKeepEndsFailure(t *testing.T) {
	s, r, log := unfinishedBuild(t, "old", "new")
	if err := os.WriteFile(filepath.Join(s.Stage(ID{"hello", "6.1"}), "hello.deb"), []byte("package"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(s.Dir(ID{"hello", "6.1"}), failureFile, "held"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(&r, log); err == nil {
		t.Fatal("no error")
	}
	if kept, ok := s.Get(ID{"hello", "6.1"}); ok {
		t.Errorf("beside the failure there is the record %+v", kept)
	}
}

// TestWithin: clean takes a directory away that is empty, just when something is to be made in it.
func TestWithin(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a/b")
	taken := false
	err := Within(dir, func(dir string) error {
		if !taken {
			taken = true
			if err := os.Remove(dir); err != nil {
				t.Fatal(err)
			}
		}
		return os.Mkdir(filepath.Join(dir, "c"), 0o755)
	})
	if err != nil {
		t.Error(err)
	}
	if err := Within(dir, func(string) error { return fs.ErrNotExist }); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("for ever: %v", err)
	}
}

// TestKeepInstalledLeavesNothing has the record's name taken, so that it cannot be given.
func TestKeepInstalledLeavesNothing(t *testing.T) {
	s := Open(t.TempDir())
	dir := s.Dir(ID{"hello", "6.1"})
	if err := os.MkdirAll(filepath.Join(dir, recordFile, "held"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := s.MarkInstalled(ID{"hello", "6.1"}); err == nil {
		t.Fatal("no error")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("there are %v, %v", left, err)
	}
}
