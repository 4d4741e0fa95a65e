package way

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// alice and bob are users that own nothing here.
const alice, bob = 61234, 61235

// layout makes files below a directory of this user's: names that end in a slash are directories, "-> " begins a link's
// target. The owner stands before the name where it is another's, which only root can do.
func layout(t *testing.T, entries ...entry) string {
	t.Helper()
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := e.make(top); err != nil {
			t.Fatal(err)
		}
	}
	return top
}

type entry struct {
	name string // "x/" is a directory
	link string
	mode fs.FileMode
	uid  int
}

func (e entry) make(top string) error {
	path := filepath.Join(top, e.name)
	var err error
	switch {
	case e.link != "":
		err = os.Symlink(strings.ReplaceAll(e.link, "$TOP", top), path)
	case strings.HasSuffix(e.name, "/"):
		err = errors.Join(os.Mkdir(path, 0o700), os.Chmod(path, e.mode))
	default:
		err = os.WriteFile(path, nil, e.mode)
	}
	if err == nil && e.uid != 0 {
		err = os.Lchown(path, e.uid, e.uid)
	}
	return err
}

func TestSharedWithoutOthers(t *testing.T) {
	top := layout(t, entry{name: "own/", mode: 0o755}, entry{name: "own/file", mode: 0o644}, entry{name: "link", link: "own/file"}, entry{name: "up", link: "own/../own/file"},
		entry{name: "open/", mode: 0o757}, entry{name: "open/in/", mode: 0o755}, entry{name: "sticky/", mode: 0o757 | fs.ModeSticky}, entry{name: "sticky/in/", mode: 0o755},
		entry{name: "group/", mode: 0o775}, entry{name: "written", mode: 0o646})
	if err := os.Chmod(filepath.Join(top, "written"), 0o646); err != nil {
		t.Fatal(err)
	}
	for name, shared := range map[string]string{
		"own": "", "own/file": "", "link": "", "up": "", "sticky/in": "",
		"open": "open", "open/in": "open", "sticky": "sticky", "written": "written",
	} {
		w, err := Find(filepath.Join(top, name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := sharedDir(w, top); got != shared {
			t.Errorf("%s: shared at %q, want %q", name, got, shared)
		}
	}
	if w, err := Find(filepath.Join(top, "up")); err != nil || w.Path != filepath.Join(top, "own/file") {
		t.Errorf("got %+v, %v", w, err)
	}
}

func sharedDir(w *Way, top string) string {
	if w.Shared == nil {
		return ""
	}
	return strings.TrimPrefix(strings.TrimPrefix(w.Shared.Dir, top), "/")
}

// TestOthers needs root: only root makes what is other users'.
func TestOthers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make files of other users")
	}
	top := layout(t, entry{name: "secret/", mode: 0o700}, entry{name: "secret/hers", mode: 0o600, uid: alice}, entry{name: "hers/", mode: 0o755, uid: alice},
		entry{name: "hers/real/", mode: 0o755, uid: alice}, entry{name: "hers/inner", link: "real", uid: alice},
		entry{name: "hers/out", link: "$TOP/secret", uid: alice}, entry{name: "hers/roots", link: "$TOP/secret"}, entry{name: "hers/through", link: "out/../secret", uid: alice},
		entry{name: "hers/ofbob", link: "real", uid: bob}, entry{name: "loop", link: "loop"})
	for name, want := range map[string]string{"hers": "hers", "hers/real": "hers", "hers/inner": "hers", "hers/roots": "hers"} {
		w, err := Find(filepath.Join(top, name))
		if err != nil || sharedDir(w, top) != want {
			t.Errorf("%s: %+v, %v", name, w, err)
		}
	}
	for _, name := range []string{"hers/out", "hers/through", "hers/ofbob"} {
		var link *LinkError
		if _, err := Find(filepath.Join(top, name)); !errors.As(err, &link) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Make(filepath.Join(top, name)); !errors.As(err, &link) {
			t.Errorf("make %s: %v", name, err)
		}
	}
	if _, err := Find(filepath.Join(top, "loop")); err == nil || !strings.Contains(err.Error(), "too many levels") {
		t.Errorf("loop: %v", err)
	}
}

func TestMake(t *testing.T) {
	top := layout(t)
	if _, err := Find(filepath.Join(top, "a/b")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	w, err := Make(filepath.Join(top, "a/b"))
	if err != nil || w.Path != filepath.Join(top, "a/b") || !w.Info.IsDir() {
		t.Fatalf("got %+v, %v", w, err)
	}
	root, err := w.Root()
	if err != nil {
		t.Fatal(err)
	}
	root.Close()
}

// TestRootOfAnother has another directory, and a link, take the place of one that was found.
func TestRootOfAnother(t *testing.T) {
	top := layout(t, entry{name: "a/", mode: 0o755}, entry{name: "b/", mode: 0o755})
	w, err := Find(filepath.Join(top, "a"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(top, "a"), filepath.Join(top, "c")); err != nil {
		t.Fatal(err)
	}
	for _, replace := range []func() error{
		func() error { return os.Mkdir(w.Path, 0o755) },
		func() error { return errors.Join(os.Remove(w.Path), os.Symlink("b", w.Path)) },
	} {
		if err := replace(); err != nil {
			t.Fatal(err)
		}
		var changed *ChangedError
		if _, err := w.Root(); !errors.As(err, &changed) {
			t.Errorf("got %v", err)
		}
	}
}
