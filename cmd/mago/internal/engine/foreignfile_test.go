package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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

func TestForeignInIsOfMago(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files to others")
	}
	dir, me := t.TempDir(), uint32(os.Geteuid())
	for _, name := range []string{"work/mine", "trees/x"} {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, nil, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	theirs := filepath.Join(dir, "letters")
	if err := errors.Join(os.Mkdir(theirs, 0o755), os.Chown(theirs, 1, 1), os.WriteFile(filepath.Join(dir, "notes"), nil, 0o644), os.Chown(filepath.Join(dir, "notes"), 1, 1)); err != nil {
		t.Fatal(err)
	}
	if path, _ := foreignIn(dir, me); path != "" {
		t.Errorf("%s is not mago's", path)
	}
	tree := filepath.Join(dir, "trees/x")
	if err := os.Chown(tree, 1, 1); err != nil {
		t.Fatal(err)
	}
	if path, owner := foreignIn(dir, me); path != tree || owner != 1 {
		t.Errorf("got %s of %d", path, owner)
	}
}

func TestForeignFileError(t *testing.T) {
	for ours, hint := range map[bool]string{
		true:  `run "sudo chown -R alice: '/home/a b/.cache/mago'", then the same command again`,
		false: "choose a directory of your own with -u",
	} {
		err := fmt.Errorf("purge x: %w", &ForeignFileError{fs.ErrPermission, "/home/a b/.cache/mago", "/home/a b/.cache/mago/x", "root", "alice", ours})
		var foreign *ForeignFileError
		if want := "purge x: permission denied: /home/a b/.cache/mago/x belongs to root"; err.Error() != want {
			t.Errorf("got %v", err)
		}
		if !errors.As(err, &foreign) || foreign.Hint(System{}) != hint {
			t.Errorf("got the hint %s", foreign.Hint(System{}))
		}
	}
}

func TestHomeHolds(t *testing.T) {
	dir, me := t.TempDir(), uint32(os.Geteuid())
	cache := filepath.Join(dir, "alice/.cache/mago")
	elsewhere := filepath.Join(dir, "elsewhere/mago")
	if err := errors.Join(os.MkdirAll(cache, 0o755), os.MkdirAll(elsewhere, 0o755), os.Symlink(elsewhere, filepath.Join(dir, "alice/link"))); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		home  home
		cache string
		want  bool
	}{
		{home{filepath.Join(dir, "alice"), me}, cache, true},
		{home{filepath.Join(dir, "alice"), me + 1}, cache, false},
		{home{filepath.Join(dir, "alice"), me}, elsewhere, false},
		{home{filepath.Join(dir, "alice"), me}, filepath.Join(dir, "alice/link"), false},
		{home{filepath.Join(dir, "alice"), me}, filepath.Join(dir, "alice"), false},
		{home{"/", 0}, cache, false},
		{home{"", me}, cache, false},
		{home{"/nonexistent", me}, cache, false},
	} {
		if got := test.home.holds(test.cache); got != test.want {
			t.Errorf("%v has %s: %v", test.home, test.cache, got)
		}
	}
}

func TestWhoseFiles(t *testing.T) {
	dir := t.TempDir()
	a := &base{host: &host{}, Paths: Paths{Cache: dir}}
	denied := &fs.PathError{Op: "remove", Path: "x", Err: fs.ErrPermission}
	if err := a.WhoseFiles(denied); err != error(denied) {
		t.Errorf("of one's own files: %v", err)
	}
	if os.Geteuid() != 0 {
		a.Cache = "/etc"
	} else if err := os.Chown(dir, 1, 1); err != nil {
		t.Fatal(err)
	}
	var foreign *ForeignFileError
	if err := a.WhoseFiles(denied); !errors.As(err, &foreign) || foreign.path != a.Cache || foreign.ours {
		t.Errorf("got %v", err)
	}
	for path, foreignHere := range map[string]bool{a.Cache: true, filepath.Join(a.Cache, "locks"): true, "/usr/src/x": false, a.Cache + "-other": false} {
		err := a.WhoseFiles(&fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission})
		if errors.As(err, &foreign) != foreignHere {
			t.Errorf("%s: got %v", path, err)
		}
	}
	if err := a.WhoseFiles(fs.ErrNotExist); errors.As(err, &foreign) {
		t.Errorf("another error: %v", err)
	}
	a.host.AsRoot = true
	if err := a.WhoseFiles(denied); err != error(denied) {
		t.Errorf("as root: %v", err)
	}
}
