package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestForeignIn(t *testing.T) {
	dir, me := t.TempDir(), uint32(os.Geteuid())
	file := filepath.Join(dir, "trees", "x")
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	if path, _ := foreignIn(dir, me); path != "" {
		t.Errorf("%s is foreign", path)
	}
	if path, owner := foreignIn(dir, me+1); path != dir || owner != me {
		t.Errorf("got %s of %d", path, owner)
	}
	if path, _ := foreignIn(filepath.Join(dir, "none"), me+1); path != "" {
		t.Errorf("in nothing there is %s", path)
	}
}

func TestForeignFileError(t *testing.T) {
	err := fmt.Errorf("purge x: %w", &foreignFileError{fs.ErrPermission, "/home/a b/.cache/mago", "/home/a b/.cache/mago/x", "root", "alice"})
	var stderr strings.Builder
	code := report(t.Context(), quiet, &stderr, err)
	want := "mago: purge x: permission denied: /home/a b/.cache/mago/x belongs to root\n" +
		`mago: hint: run "sudo chown -R alice: '/home/a b/.cache/mago'", then the same command again` + "\n"
	if code != exitError || stderr.String() != want {
		t.Errorf("%d, %s", code, stderr.String())
	}
}

func TestWhoseFiles(t *testing.T) {
	dir := t.TempDir()
	a := &app{host: &host{}, paths: paths{cache: dir}}
	denied := &fs.PathError{Op: "remove", Path: "x", Err: fs.ErrPermission}
	if err := a.whoseFiles(denied); err != error(denied) {
		t.Errorf("of one's own files: %v", err)
	}
	if os.Geteuid() != 0 {
		a.cache = "/etc"
	} else if err := os.Chown(dir, 1, 1); err != nil {
		t.Fatal(err)
	}
	var foreign *foreignFileError
	if err := a.whoseFiles(denied); !errors.As(err, &foreign) || foreign.path != a.cache {
		t.Errorf("got %v", err)
	}
	if err := a.whoseFiles(fs.ErrNotExist); errors.As(err, &foreign) {
		t.Errorf("another error: %v", err)
	}
	a.host.asRoot = true
	if err := a.whoseFiles(denied); err != error(denied) {
		t.Errorf("as root: %v", err)
	}
}
