package sources

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"mago/catalog"
	"mago/debpkg"
	"mago/sources/way"
)

// TestLocalDeb: a .deb that the user names is opened as the package would be out of an archive, whatever it is called.
func TestLocalDeb(t *testing.T) {
	content := files{
		"usr/src/other-1/dkms.conf": "-> /usr/share/hello/dkms.conf", "usr/share/hello/dkms.conf": dkmsConf, "etc/modprobe.d/hello.conf": "options",
		"usr/share/doc/hello-dkms/NEWS": "news", "usr/share/doc/hello-dkms/copyright": "GPL-2",
	}
	data := deb(t, "hello-dkms", "2.0-1", tarball(t, content))
	f := &Fetcher{Cache: t.TempDir()}
	file := write(t, filepath.Join(t.TempDir(), "any.file"), data)
	tree, err := f.Local(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	place := filepath.Join(f.Cache, "trees/_tarballs", hash(data))
	if tree.Name != "hello" || tree.Version != "2.0-1" || tree.Origin != Tarball || tree.Dir != filepath.Join(place, "data/usr/src/other-1") || tree.Archive != file || tree.SHA256 != hash(data) {
		t.Errorf("%+v", tree)
	}
	want := Runtime{Root: filepath.Join(place, "data"), Paths: []string{"/etc/modprobe.d/hello.conf", "/usr/share/hello/dkms.conf"}, Docs: []string{"/usr/share/doc/hello-dkms/NEWS"}}
	if !reflect.DeepEqual(tree.Runtime, want) || filepath.Base(tree.Copyright) != "copyright" {
		t.Errorf("brings %+v", tree.Runtime)
	}
	if p := tree.Package; p == nil || p.Name != named("hello-dkms") || p.Kind != catalog.DKMS || !p.Unauthenticated {
		t.Errorf("package %+v", p)
	}
	if again, err := f.Local(t.Context(), file); err != nil || !reflect.DeepEqual(again, tree) {
		t.Errorf("again: %+v, %v", again, err)
	}
	if found, err := filepath.Glob(filepath.Join(place, "*.deb")); err != nil || len(found) > 0 {
		t.Errorf("left behind: %v, %v", found, err)
	}
}

// TestLocalDebRefused names the user's file in its errors, and leaves nothing.
func TestLocalDebRefused(t *testing.T) {
	whole := deb(t, "hello-dkms", "1", tarball(t, dkmsFiles()))
	for name, test := range map[string]struct {
		data []byte
		want any
	}{
		"cut off":   {whole[:len(whole)-700], new(*debpkg.FormatError)},
		"no name":   {deb(t, "", "1", tarball(t, dkmsFiles())), nil},
		"climbing":  {deb(t, "hello-dkms", "1", tarball(t, files{"../evil": "x"})), new(*UnsafeError)},
		"no source": {deb(t, "hello-dkms", "1", tarball(t, files{"opt/x/Makefile": "obj-m := x.o\n"})), new(*LayoutError)},
		"several":   {deb(t, "hello-dkms", "1", tarball(t, files{"usr/src/a-1/dkms.conf": "", "usr/src/b-1/dkms.conf": ""})), new(*SeveralError)},
	} {
		t.Run(name, func(t *testing.T) {
			f := &Fetcher{Cache: t.TempDir()}
			file := write(t, filepath.Join(t.TempDir(), "x.deb"), test.data)
			_, err := f.Local(t.Context(), file)
			if err == nil || test.want != nil && !errors.As(err, test.want) || strings.Contains(err.Error(), f.Cache) {
				t.Errorf("err = %v", err)
			}
			var layout *LayoutError
			if errors.As(err, &layout) && (layout.Archive != file || len(layout.Dirs) != 1) {
				t.Errorf("%+v", layout)
			}
			if names := left(t, f.Cache); len(names) > 0 {
				t.Errorf("left behind: %q", names)
			}
		})
	}
}

// TestLocalDebChanges: what is opened is what was hashed, also where its owner changes it in between.
func TestLocalDebChanges(t *testing.T) {
	file := write(t, filepath.Join(t.TempDir(), "x.deb"), deb(t, "hello-dkms", "1", tarball(t, dkmsFiles())))
	w, err := way.Find(file)
	if err != nil {
		t.Fatal(err)
	}
	var damaged *DamagedError
	dir := t.TempDir()
	if _, err := (opener{}).openLocalDeb(t.Context(), record{SHA256: hash(nil)}, file, w.Info, dir); !errors.As(err, &damaged) {
		t.Errorf("err = %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}
