package sources

import (
	"os"
	"path/filepath"
	"testing"

	"mago/debpkg/rooted"
)

// usrSrc is a root with sources below /usr/src, and kernels' trees.
func usrSrc(t *testing.T) *Fetcher {
	f := &Fetcher{Root: rooted.Root(t.TempDir()), Cache: t.TempDir()}
	for name, text := range map[string]string{
		"hello-1.0/dkms.conf": "PACKAGE_NAME=hello\nPACKAGE_VERSION=1.0\n", "hello-1.10/dkms.conf": "PACKAGE_NAME=hello\nPACKAGE_VERSION=1.10\n",
		"hello-1.9/dkms.conf": "PACKAGE_NAME=hello\nPACKAGE_VERSION=1.9\n", "plain-2.0/Makefile": "obj-m := a.o b.o\n",
		"vendor-3/Makefile": "obj-m := vnd_usb.o\n", "modules/assisted/debian/rules": "", "modules/assisted/Makefile": "obj-m := x.o y.o\n",
		"linux-headers-6.1.0-9-amd64/Makefile": "", "linux-6.1/Makefile": "", "custom-6.1/Makefile": "", "custom-6.1/scripts/Makefile.build": "",
		"empty/README": "", "packed.tar.xz": "", "packed-2.0.tar.bz2": "", "plain.tar.gz": "", "linux-source-6.1.tar.xz": "", "notes.txt": "",
	} {
		write(t, filepath.Join(f.Root.String(), "usr/src", name), []byte(text))
	}
	return f
}

func TestInUsrSrc(t *testing.T) {
	f := usrSrc(t)
	got := ""
	for _, s := range f.InUsrSrc() {
		rel, err := filepath.Rel(f.Root.String(), s.Path)
		if err != nil {
			t.Fatal(err)
		}
		got += s.Name + " " + s.Version + " " + rel + "\n"
	}
	want := `assisted 0 usr/src/modules/assisted
hello 1.10 usr/src/hello-1.10
packed 2.0 usr/src/packed-2.0.tar.bz2
plain 2.0 usr/src/plain-2.0
vnd-usb 3 usr/src/vendor-3
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	for name, want := range map[string]string{"hello": "hello-1.10", "vendor": "vendor-3", "vnd_usb": "vendor-3", "Plain": "plain-2.0", "packed": "packed-2.0.tar.bz2", "hell": "", "": "", "linux": "", "custom": ""} {
		if found, ok := f.FindInUsrSrc(name); ok != (want != "") || ok && filepath.Base(found.Path) != want {
			t.Errorf("%q: %+v", name, found)
		}
	}
	if none := (&Fetcher{Root: rooted.Root(t.TempDir())}).InUsrSrc(); len(none) > 0 {
		t.Errorf("of nothing: %v", none)
	}
}

func TestFoundIsNewer(t *testing.T) {
	for _, c := range []struct {
		found, pkg string
		want       bool
	}{{"1.1", "1.0-2", true}, {"1.0", "1.0-2", false}, {"1.0", "1:0.9-1", true}, {"", "1.0", false}, {"0.9", "1.0-1", false}} {
		if got := (Found{Version: c.found}).Newer(c.pkg); got != c.want {
			t.Errorf("%s, %s: %v", c.found, c.pkg, got)
		}
	}
}

// TestFoundShared: what others may change is known, wherever in the tree it lies.
func TestFoundShared(t *testing.T) {
	f := usrSrc(t)
	dir := filepath.Join(f.Root.String(), "usr/src/hello-1.10")
	write(t, filepath.Join(dir, "sub/a.c"), nil)
	if err := os.Symlink("/tmp", filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	found, _ := f.FindInUsrSrc("hello")
	if shared, err := found.Shared(); shared != nil || err != nil {
		t.Errorf("%v, %v", shared, err)
	}
	for _, path := range []string{"sub/a.c", "sub", "", "dkms.conf"} {
		open := filepath.Join(dir, path)
		before, err := os.Stat(open)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(open, before.Mode()|0o002); err != nil {
			t.Fatal(err)
		}
		if shared, err := found.Shared(); shared == nil || err != nil || shared.Dir != open {
			t.Errorf("%s: %v, %v", path, shared, err)
		}
		if err := os.Chmod(open, before.Mode()); err != nil {
			t.Fatal(err)
		}
	}
}
