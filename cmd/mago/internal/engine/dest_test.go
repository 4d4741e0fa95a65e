package engine

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"mago/cmd/mago/internal/store"
	"mago/sources/way"
)

// delivered has a package copied to dest and returns its own path.
func delivered(t *testing.T, dest string) (deb string, err error) {
	t.Helper()
	a := newEngine(&base{Options: Options{ModuleOptions: ModuleOptions{Dest: dest}}, Paths: Paths{Cache: t.TempDir()}, say: newReporter(func(Event) {})})
	deb = filepath.Join(a.store.Debs(), "hello_1_all.deb")
	if err := errors.Join(os.Mkdir(a.store.Debs(), 0o755), os.WriteFile(deb, []byte("package"), 0o644)); err != nil {
		t.Fatal(err)
	}
	return deb, a.build.deliver(t.Context(), store.Record{Deb: deb})
}

// TestDeliver: where only mago's user may write the copy is the same file; where others may, it is another one.
func TestDeliver(t *testing.T) {
	for mode, same := range map[os.FileMode]bool{0o755: true, 0o757: false, 0o777 | os.ModeSticky: false} {
		dest := t.TempDir()
		if err := os.Chmod(dest, mode); err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(dest, "hello_1_all.deb")
		for range 2 {
			deb, err := delivered(t, dest)
			if err != nil {
				t.Fatal(err)
			}
			own, err := os.Stat(deb)
			if err != nil {
				t.Fatal(err)
			}
			other, err := os.Stat(copied)
			if err != nil || os.SameFile(own, other) != same {
				t.Errorf("%v: the same file: %v, want %v; %v", mode, !same, same, err)
			}
			if text, err := os.ReadFile(copied); string(text) != "package" {
				t.Errorf("%v: it holds %q, %v", mode, text, err)
			}
		}
		if names, err := os.ReadDir(dest); len(names) != 1 || err != nil {
			t.Errorf("%v: there is %v, %v", mode, names, err)
		}
	}
}

// TestDeliverOverWhatAnotherLeft has what the copy's names stand for be links, pipes and directories of somebody else's.
func TestDeliverOverWhatAnotherLeft(t *testing.T) {
	theirs := filepath.Join(t.TempDir(), "theirs")
	if err := os.WriteFile(theirs, []byte("theirs"), 0o644); err != nil {
		t.Fatal(err)
	}
	for what, leave := range map[string]func(path string) error{
		"a link":      func(path string) error { return os.Symlink(theirs, path) },
		"a hard link": func(path string) error { return os.Link(theirs, path) },
		"a pipe":      func(path string) error { return syscall.Mkfifo(path, 0o666) },
	} {
		dest := t.TempDir()
		if err := errors.Join(os.Chmod(dest, 0o757), leave(filepath.Join(dest, "hello_1_all.deb")), leave(filepath.Join(dest, ".mago-hello_1_all.deb"))); err != nil {
			t.Fatal(err)
		}
		if _, err := delivered(t, dest); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if info, err := os.Lstat(filepath.Join(dest, "hello_1_all.deb")); err != nil || !info.Mode().IsRegular() {
			t.Errorf("%s stays: %v", what, err)
		}
		if text, err := os.ReadFile(theirs); string(text) != "theirs" {
			t.Errorf("%s is written through: %q, %v", what, text, err)
		}
	}
	dest := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dest, "hello_1_all.deb/full"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := delivered(t, dest); err == nil {
		t.Error("a directory is replaced")
	}
}

// TestOthersPlaces needs root, who alone makes what is another user's.
func TestOthersPlaces(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files to another user")
	}
	const alice = 61234
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := errors.Join(
		os.MkdirAll(at("hers/cache"), 0o755), os.Chown(at("hers"), alice, alice), os.MkdirAll(at("own/builds"), 0o755), os.MkdirAll(at("mixed/trees"), 0o755),
		os.Chown(at("mixed/trees"), alice, alice), os.Mkdir(at("tmp"), 0o755), os.Chmod(at("tmp"), 0o777|os.ModeSticky), os.Mkdir(at("tmp/hers"), 0o755), os.Chown(at("tmp/hers"), alice, alice),
		os.Mkdir(at("private"), 0o700), os.Symlink(at("private"), at("hers/out")), os.Lchown(at("hers/out"), alice, alice),
	); err != nil {
		t.Fatal(err)
	}
	for name, refused := range map[string]bool{
		"own": false, "own/new": false, "tmp/new": false, "tmp/new/er": false,
		"hers": true, "hers/cache": true, "hers/new": true, "mixed": true, "tmp/hers": true, "tmp": true,
	} {
		p := Paths{Cache: at(name)}
		var shared *SharedError
		if err := p.CheckOwn("/", true); errors.As(err, &shared) != refused || err != nil && !refused {
			t.Errorf("root's cache in %s: %v", name, err)
		}
		if err := p.CheckOwn("/", false); err != nil {
			t.Errorf("a user's: %v", err)
		}
	}
	if err := (Paths{Cache: at("hers/cache/var")}).CheckOwn(at("hers/cache"), true); err == nil {
		t.Error("--root of another user's")
	}
	var link *way.LinkError
	if _, err := delivered(t, at("hers/out")); !errors.As(err, &link) {
		t.Errorf("--dest by another's link: %v", err)
	}
	if _, err := delivered(t, at("hers/cache")); err != nil {
		t.Errorf("--dest in another's directory: %v", err)
	}
}
