package rooted_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"mago/debpkg/codec"
	"mago/debpkg/rooted"
)

// fill makes a root with a file, and links to it as they are made inside of it.
func fill(t *testing.T) rooted.Root {
	dir := t.TempDir()
	for _, err := range []error{
		os.MkdirAll(filepath.Join(dir, "usr/lib"), 0o755),
		os.WriteFile(filepath.Join(dir, "usr/lib/os-release"), []byte("ID=debian\n"), 0o644),
		os.Symlink("/usr/lib", filepath.Join(dir, "lib")),
		os.Symlink("../../../../../usr/lib/os-release", filepath.Join(dir, "release")),
		os.Symlink("/nowhere", filepath.Join(dir, "dangling")),
		os.Symlink("loop", filepath.Join(dir, "loop")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return rooted.Root(dir)
}

// TestLinksStayInside: a link leads where it leads for a program that is chrooted there.
func TestLinksStayInside(t *testing.T) {
	r := fill(t)
	for _, name := range []string{"/usr/lib/os-release", "lib/os-release", "/release", "/../../lib/../lib/os-release"} {
		if text, err := r.ReadFile(name); err != nil || string(text) != "ID=debian\n" {
			t.Errorf("ReadFile(%s) = %q, %v", name, text, err)
		}
		resolved, path, err := r.Resolve(name)
		if resolved != "/usr/lib/os-release" || path != filepath.Join(r.String(), resolved) || err != nil {
			t.Errorf("Resolve(%s) = %s, %s, %v", name, resolved, path, err)
		}
	}
	if entries, err := r.ReadDir("/lib"); err != nil || len(entries) != 1 {
		t.Errorf("ReadDir(/lib) = %v, %v", entries, err)
	}
}

// TestLinksThemselves: Stat follows a link, Lstat does not.
func TestLinksThemselves(t *testing.T) {
	r := fill(t)
	if _, err := r.Stat("/dangling"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat of a link that leads nowhere: %v", err)
	}
	for _, name := range []string{"dangling", "loop", "lib"} {
		if info, err := r.Lstat(name); err != nil || info.Mode().Type() != fs.ModeSymlink {
			t.Errorf("Lstat(%s): %v, %v", name, info, err)
		}
	}
	if info, err := r.Lstat("/"); err != nil || !info.IsDir() {
		t.Errorf("Lstat(/): %v, %v", info, err)
	}
	if _, err := r.Open("/loop"); err == nil {
		t.Error("opened a link to itself")
	}
}

func TestInside(t *testing.T) {
	r := rooted.Root("/target/")
	for path, want := range map[string]string{"/target": "/", "/target/var/x/": "/var/x", "/targets": "", "/": "", "/target/../x": ""} {
		if got, err := r.Inside(path); got != want || (err != nil) != (want == "") {
			t.Errorf("Inside(%s) = %q, %v; want %q", path, got, err, want)
		}
	}
	if got, err := rooted.Root("").Inside("/var"); got != "/var" || err != nil {
		t.Errorf("Inside(/var) of the running system = %q, %v", got, err)
	}
}

// TestReadFileIsBounded: a file that is a hole of terabytes is not read whole.
func TestReadFileIsBounded(t *testing.T) {
	r := fill(t)
	file, err := os.Create(filepath.Join(r.String(), "hole"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := file.Truncate(1 << 40); err != nil {
		t.Fatal(err)
	}
	var limit *codec.LimitError
	if _, err := r.ReadFile("/hole"); !errors.As(err, &limit) {
		t.Errorf("error %v", err)
	}
}
