package engine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// unfinishedBuild lays out what a build of hello leaves before it is kept, beside the record of an earlier one.
func unfinishedBuild(t *testing.T, before, now string) (Paths, Record, *os.File) {
	t.Helper()
	dir := t.TempDir()
	p := Paths{Cache: dir}
	r := Record{Format: 1, Module: "hello", Kernel: "6.1", Result: ResultBuilt, Deb: filepath.Join(p.Debs(), "hello.deb"), SHA256: now}
	for _, dir := range []string{p.unitDir("hello", "6.1"), p.stage("hello", "6.1")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	log, err := p.createLog("hello", "6.1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	old := r
	old.SHA256, old.Current = before, before
	if err := writeRecordFile(filepath.Join(p.unitDir("hello", "6.1"), RecordFile), old); err != nil {
		t.Fatal(err)
	}
	return p, r, log
}

func TestKeepBuilt(t *testing.T) {
	p, r, log := unfinishedBuild(t, "old", "new")
	staged := filepath.Join(p.stage("hello", "6.1"), "hello.deb")
	if err := os.WriteFile(staged, []byte("package"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := p.keepBuilt(&r, log); err != nil {
		t.Fatal(err)
	}
	if kept, ok := p.readRecord("hello", "6.1"); !ok || kept.SHA256 != "new" || kept.Current != "old" {
		t.Errorf("kept %+v", kept)
	}
	for _, path := range []string{r.Deb, r.Log} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

// TestKeepBrokenOff has the package miss, so that keepBuilt ends between the old record and the new one.
func TestKeepBrokenOff(t *testing.T) {
	for now, stays := range map[string]bool{"new": false, "old": true} {
		p, r, log := unfinishedBuild(t, "old", now)
		if err := p.keepBuilt(&r, log); err == nil {
			t.Fatal("no error")
		}
		if kept, ok := p.readRecord("hello", "6.1"); ok != stays || ok && kept.SHA256 != "old" {
			t.Errorf("package %s: there is the record %+v, %v", now, kept, ok)
		}
	}
}

// TestKeepEndsFailure has the failure stay, so that keepBuilt ends there: with the record it would stay for good.
func TestKeepEndsFailure(t *testing.T) {
	p, r, log := unfinishedBuild(t, "old", "new")
	if err := os.WriteFile(filepath.Join(p.stage("hello", "6.1"), "hello.deb"), []byte("package"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(p.unitDir("hello", "6.1"), FailureFile, "held"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := p.keepBuilt(&r, log); err == nil {
		t.Fatal("no error")
	}
	if kept, ok := p.readRecord("hello", "6.1"); ok {
		t.Errorf("beside the failure there is the record %+v", kept)
	}
}

// TestWithin: clean takes a directory away that is empty, just when something is to be made in it.
func TestWithin(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a/b")
	taken := false
	err := within(dir, func(dir string) error {
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
	if err := within(dir, func(string) error { return fs.ErrNotExist }); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("for ever: %v", err)
	}
}

// TestKeepInstalledLeavesNothing has the record's name taken, so that it cannot be given.
func TestKeepInstalledLeavesNothing(t *testing.T) {
	p := Paths{Cache: t.TempDir()}
	dir := p.unitDir("hello", "6.1")
	if err := os.MkdirAll(filepath.Join(dir, RecordFile, "held"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := p.keepInstalled(Record{Module: "hello", Kernel: "6.1"}); err == nil {
		t.Fatal("no error")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("there are %v, %v", left, err)
	}
}
