package sources

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"mago/sources/way"
)

func TestLocalDirectory(t *testing.T) {
	for name, test := range map[string]struct {
		dir           string
		content       files
		name, version string
	}{
		"dkms.conf":           {"any", files{"dkms.conf": dkmsConf}, "hello", "1.0"},
		"dkms.conf first":     {"x-3", files{"dkms.conf": dkmsConf, "debian/changelog": changelogText}, "hello", "1.0"},
		"unquoted":            {"any", files{"dkms.conf": "PACKAGE_NAME=tp_smapi # its name\nPACKAGE_VERSION='0.43_rc1'\n"}, "tp-smapi", "0.43.rc1"},
		"computed":            {"hello-2.0", files{"dkms.conf": "PACKAGE_NAME=$(echo x)\nPACKAGE_VERSION=\"`date`\"\n"}, "hello", "2.0"},
		"computed later":      {"hello-2.0", files{"dkms.conf": dkmsConf + "PACKAGE_VERSION+=.$X\n"}, "hello", "2.0"},
		"placeholder":         {"hello", files{"dkms.conf": "PACKAGE_NAME=hello\nPACKAGE_VERSION=#MODULE_VERSION#\n"}, "hello", "0"},
		"changelog":           {"trunk", files{"debian/changelog": changelogText, "Makefile": ""}, "hello", "1.0-2"},
		"damaged changelog":   {"hello-1.5", files{"debian/changelog": "hello (1.0-2", "debian/rules": ""}, "hello", "1.5"},
		"directory's version": {"hello_v1.0-rc1", files{"Kbuild": ""}, "hello", "1.0-rc1"},
		"directory's name":    {"Hello World", files{"Makefile": ""}, "hello-world", "0"},
		"its sources":         {"hello", files{"Makefile": "obj-m := hello.o\nhello-y := a.o src/b.o\n", "src/b.c": "MODULE_LICENSE(\"GPL\");\n MODULE_VERSION( \"v2.1\" );\n", "other.c": "MODULE_VERSION(\"9\");\n"}, "hello", "2.1"},
		"sources last":        {"hello-1.0", files{"Kbuild": "obj-m += hello.o\n", "hello.c": "MODULE_VERSION(\"2.1\");\n"}, "hello", "1.0"},
		"no literal":          {"hello", files{"Kbuild": "obj-m := hello.o ../up.o\n", "hello.c": "MODULE_VERSION(VERSION);\n// MODULE_VERSION(\"3\")\n", "../up.c": "MODULE_VERSION(\"4\");\n"}, "hello", "0"},
		"number in the name":  {"usb-2-serial", files{"Makefile": ""}, "usb-2-serial", "0"},
		"dkms suffix":         {"x", files{"dkms.conf": "PACKAGE_NAME=jool-dkms\nPACKAGE_VERSION=git\n"}, "jool", "0+git"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), test.dir)
			for file, text := range test.content {
				write(t, filepath.Join(dir, file), []byte(text))
			}
			link := filepath.Join(t.TempDir(), "link")
			if err := os.Symlink(dir, link); err != nil {
				t.Fatal(err)
			}
			f := &Fetcher{Cache: filepath.Join(t.TempDir(), "none")}
			tree, err := f.Local(t.Context(), link)
			if err != nil {
				t.Fatal(err)
			}
			if tree.Name != test.name || tree.Version != test.version || tree.Origin != Directory || tree.Dir != dir || tree.SHA256 != "" {
				t.Errorf("%+v, want %s %s", tree, test.name, test.version)
			}
			if _, err := os.Stat(f.Cache); err == nil {
				t.Error("a directory left something in the cache")
			}
		})
	}
}

// The dates of files, which a copy or a checkout changes, do not count.
func TestLocalDirectoryIsAsOldAsItsChangelog(t *testing.T) {
	dir := t.TempDir()
	f := &Fetcher{Cache: t.TempDir()}
	write(t, filepath.Join(dir, "Makefile"), nil)
	tree, err := f.Local(t.Context(), dir)
	if err != nil || !tree.ModTime.Equal(undated) || tree.Changelog != "" {
		t.Errorf("%+v, %v", tree, err)
	}
	write(t, filepath.Join(dir, "debian/changelog"), []byte(changelogText))
	tree, err = f.Local(t.Context(), dir)
	if err != nil || tree.ModTime.Month() != time.February || tree.Changelog != filepath.Join(dir, "debian/changelog") {
		t.Errorf("%+v, %v", tree, err)
	}
	for date, want := range map[string]int64{"Mon, 01 Jan 1900 00:00:00 +0000": 0, "Fri, 01 Jan 9999 00:00:00 +0000": 1<<33 - 1} {
		write(t, filepath.Join(dir, "debian/changelog"), []byte("hello (1) unstable; urgency=low\n\n  * x\n\n -- N <n@example.org>  "+date+"\n"))
		if tree, err = f.Local(t.Context(), dir); err != nil || tree.ModTime.Unix() != want {
			t.Errorf("%s: %+v, %v", date, tree, err)
		}
	}
}

func TestLocalSaysWhatIsNoSource(t *testing.T) {
	f := &Fetcher{Cache: t.TempDir()}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a/README"), nil)
	if err := os.MkdirAll(filepath.Join(dir, "b/Makefile"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "two.tar"), tarball(t, files{"a/Makefile": "", "b/Makefile": ""}))
	write(t, filepath.Join(dir, "none.tar"), tarball(t, files{"a/README": ""}))
	for _, name := range []string{"a", "b", "fifo", "two.tar", "none.tar"} {
		var layout *LayoutError
		if _, err := f.Local(t.Context(), filepath.Join(dir, name)); !errors.As(err, &layout) || layout.Source != filepath.Join(dir, name) {
			t.Errorf("%s: err = %v", name, err)
		}
	}
	if _, err := f.Local(t.Context(), filepath.Join(dir, "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing: err = %v", err)
	}
	if names := left(t, f.Cache); len(names) > 0 {
		t.Errorf("left behind: %q", names)
	}
}

// TestLocalSaysWhatToName has directories and tarballs without a recipe at their top.
func TestLocalSaysWhatToName(t *testing.T) {
	const sets = "obj-m := x.o\n"
	many := files{}
	for i := range mostPlaces + 5 {
		many[fmt.Sprintf("d%02d/Kbuild", i)] = sets
	}
	for name, test := range map[string]struct {
		tree  files
		dirs  []string
		first string
	}{
		"side by side":     {files{"a/Makefile": sets, "b/Kbuild": sets, "b/sub/Makefile": sets, "doc/Makefile": "all:\n", ".git/c/Makefile": sets}, []string{"a", "b"}, ""},
		"deep":             {files{"drivers/net/x/Makefile": "obj-$(CONFIG_X) += x.o\n", "drivers/net/Kconfig": ""}, []string{"drivers/net/x"}, ""},
		"by dkms.conf":     {files{"x/dkms.conf": "", "x/src/Makefile": sets}, []string{"x"}, ""},
		"a mark before it": {files{"x/Kbuild": "\uFEFF" + sets}, []string{"x"}, ""},
		"far too deep":     {files{"1/2/3/4/5/6/7/8/9/Makefile": sets}, nil, ""},
		"many":             {many, slices.Sorted(maps.Keys(many))[:mostPlaces], ""},
		"to be configured": {files{"configure.ac": "", "Makefile.am": ""}, nil, "autoreconf -fi && ./configure"},
		"configure":        {files{"configure": "", "configure.ac": "", "autogen.sh": ""}, nil, "./configure"},
		"autogen":          {files{"autogen.sh": "", "configure.in": ""}, nil, "./autogen.sh && ./configure"},
		"CMake":            {files{"CMakeLists.txt": "", "drv/Kbuild": sets}, []string{"drv"}, "cmake ."},
		"another spelling": {files{"makefile": sets}, nil, "ln -s makefile Makefile"},
		"nothing":          {files{"README": ""}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range test.tree {
				write(t, filepath.Join(dir, "tree", file), []byte(text))
			}
			for i := range test.dirs {
				test.dirs[i] = strings.TrimSuffix(test.dirs[i], "/Kbuild")
			}
			write(t, filepath.Join(dir, "x.tar"), tarball(t, test.tree))
			f := &Fetcher{Cache: t.TempDir()}
			var layout *LayoutError
			if _, err := f.Local(t.Context(), filepath.Join(dir, "tree")); !errors.As(err, &layout) || !slices.Equal(layout.Dirs, test.dirs) || layout.First != test.first || layout.Archive != "" {
				t.Errorf("of the directory: %+v", layout)
			}
			tree, err := f.Local(t.Context(), filepath.Join(dir, "x.tar"))
			if len(test.dirs) == 1 { // the only one is taken
				if err != nil || !strings.HasSuffix(tree.Dir, "/source/"+test.dirs[0]) {
					t.Errorf("of the tarball: %+v, %v", tree, err)
				}
			} else if !errors.As(err, &layout) || !slices.Equal(layout.Dirs, test.dirs) || layout.First != test.first || layout.Archive != filepath.Join(dir, "x.tar") {
				t.Errorf("of the tarball: %+v, %v", layout, err)
			}
		})
	}
}

func TestLocalTarballOfEveryCompression(t *testing.T) {
	data := tarball(t, files{"hello-1.0/Makefile": "all:\n", "hello-1.0/debian/copyright": "GPL-2\n"})
	for suffix, command := range compressors {
		t.Run(suffix, func(t *testing.T) {
			content := compressed(t, data, command...)
			path := write(t, filepath.Join(t.TempDir(), "any"), content) // the name does not matter
			f := &Fetcher{Cache: t.TempDir()}
			tree, err := f.Local(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(f.Cache, "trees/_tarballs", hash(content), "source/hello-1.0")
			want := &Tree{
				Name: "hello", Version: "1.0", Origin: Tarball, Dir: dir, Own: "hello", Archive: path, SHA256: hash(content),
				Copyright: filepath.Join(dir, "debian/copyright"), ModTime: entryDate,
				place: filepath.Join(f.Cache, "trees/_tarballs", hash(content)), digest: tree.digest,
			}
			if !reflect.DeepEqual(tree, want) {
				t.Errorf("got  %+v\nwant %+v", tree, want)
			}
			if again, err := f.Local(t.Context(), path); err != nil || !reflect.DeepEqual(again, want) {
				t.Errorf("again: %+v, %v", again, err)
			}
		})
	}
}

func TestLocalTarballIsNamedAfterItsFileIfNeedBe(t *testing.T) {
	f := &Fetcher{Cache: t.TempDir()}
	data, dir := tarball(t, files{"Makefile": ""}), t.TempDir()
	for file, want := range map[string]string{
		"hello-1.0.tar.gz": "hello 1.0", "renamed-2.tgz": "renamed 2", "plain.tar": "plain 0", "plain": "plain 0",
	} {
		tree, err := f.Local(t.Context(), write(t, filepath.Join(dir, file), data))
		if err != nil || tree.Name+" "+tree.Version != want {
			t.Errorf("%s: %+v, %v, want %s", file, tree, err, want)
		}
	}
}

// A tarball that is cut anywhere gives an error that names it, and nothing of it stays.
func TestLocalTarballCut(t *testing.T) {
	data := tarball(t, files{"hello-1.0/Makefile": strings.Repeat("all:\n", 1000), "hello-1.0/x": "x"})
	f := &Fetcher{Cache: t.TempDir()}
	dir := t.TempDir()
	for suffix, command := range compressors {
		whole := compressed(t, data, command...)
		for i := range 20 {
			path := write(t, filepath.Join(dir, "x"+suffix), whole[:len(whole)*i/20])
			if _, err := f.Local(t.Context(), path); err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("%s, %d/20: err = %v", suffix, i, err)
			}
		}
	}
	if names := left(t, f.Cache); len(names) > 0 {
		t.Errorf("left behind: %q", names)
	}
}

// A changed byte gives an error too, unless it changes nothing of what the format holds.
func TestLocalTarballCorrupted(t *testing.T) {
	text := strings.Repeat("all:\n", 1000)
	whole := compressed(t, tarball(t, files{"hello-1.0/Makefile": text}), "xz", "-c")
	f := &Fetcher{Cache: t.TempDir()}
	dir, errs := t.TempDir(), 0
	for i := range whole {
		damaged := slices.Clone(whole)
		damaged[i] ^= 0x40
		path := write(t, filepath.Join(dir, "x.tar.xz"), damaged)
		tree, err := f.Local(t.Context(), path)
		if err != nil {
			errs++
			continue
		}
		if got, err := os.ReadFile(filepath.Join(tree.Dir, "Makefile")); err != nil || string(got) != text {
			t.Errorf("byte %d changed: %d bytes, %v", i, len(got), err)
		}
	}
	if errs < len(whole)*9/10 {
		t.Errorf("%d of %d changes were noticed", errs, len(whole))
	}
}

func TestLocalTarballHostileOrTooBig(t *testing.T) {
	f := &Fetcher{Cache: t.TempDir()}
	f.Limits.Bytes = 10
	for content, as := range map[string]any{
		string(tarball(t, files{"Makefile": "", "x": "-> ../../x"})):       new(*UnsafeError),
		string(tarball(t, files{"Makefile": "more than ten bytes of it"})): new(*LimitError),
	} {
		if _, err := f.Local(t.Context(), write(t, filepath.Join(t.TempDir(), "x.tar"), []byte(content))); !errors.As(err, as) {
			t.Errorf("err = %v, want %T", err, as)
		}
	}
	if names := left(t, f.Cache); len(names) > 0 {
		t.Errorf("left behind: %q", names)
	}
}

func TestLocalTarballEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := &Fetcher{Cache: t.TempDir()}
	path := write(t, filepath.Join(t.TempDir(), "x.tar"), tarball(t, files{"Makefile": ""}))
	if _, err := f.Local(ctx, path); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
	if names := left(t, f.Cache); len(names) > 0 {
		t.Errorf("left behind: %q", names)
	}
}

// TestLocalTarballIsClosed: what is opened of a user's own tarball is nobody else's to read, of an earlier version's either.
func TestLocalTarballIsClosed(t *testing.T) {
	f := Fetcher{Cache: t.TempDir()}
	dir := filepath.Join(f.Cache, "trees/_tarballs")
	path := filepath.Join(t.TempDir(), "hello-1.0.tar")
	if err := os.WriteFile(path, tarball(t, files{"hello-1.0/Makefile": "obj-m := hello.o\n"}), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, before := range []string{"not there", "open to all"} {
		if _, err := f.Local(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s before: %v, %v", before, info.Mode(), err)
		}
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLocalTarballSwapped: what is opened is what was hashed, though its owner puts another file in its place meanwhile.
func TestLocalTarballSwapped(t *testing.T) {
	good, evil := tarball(t, files{"Makefile": "obj-m := a.o\n"}), tarball(t, files{"Makefile": "obj-m := evil.o\n"})
	path := write(t, filepath.Join(t.TempDir(), "hello-1.tar"), good)
	at, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	f := &Fetcher{Cache: t.TempDir()}
	_, err = opener{f.Limits}.openTarball(t.Context(), record{Origin: Tarball, SHA256: hash(evil)}, path, at, t.TempDir())
	var damaged *DamagedError
	if !errors.As(err, &damaged) || !strings.Contains(err.Error(), "changed while it was read") {
		t.Errorf("got %v", err)
	}
	if _, err := (opener{f.Limits}).openTarball(t.Context(), record{Origin: Tarball, SHA256: hash(good)}, path, at, t.TempDir()); err != nil {
		t.Error(err)
	}
}

// TestDigestEnds: a hole of terabytes takes no longer than it may.
func TestDigestEnds(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "hole"), nil)
	if err := os.Truncate(path, 4<<40); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Digest(ctx, filepath.Dir(path)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	at, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hashAt(ctx, path, at); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestLocalFollowsNoLinkOut has every file that is read for a fact be a link to one that only its owner's reader may read.
func TestLocalFollowsNoLinkOut(t *testing.T) {
	outside := t.TempDir()
	for name, text := range map[string]string{
		"dkms.conf": "PACKAGE_NAME=secret\nPACKAGE_VERSION=6.6\n", "changelog": strings.ReplaceAll(changelogText, "hello (1.0", "secret (6.6"),
		"control": "Source: secret\nBuild-Depends: secret\n", "hello.c": "MODULE_VERSION(\"6.6\");\n", "copyright": "secret\n",
	} {
		write(t, filepath.Join(outside, name), []byte(text))
	}
	for name, target := range map[string]string{
		"dkms.conf": "dkms.conf", "debian/changelog": "changelog", "debian/control": "control", "debian/copyright": "copyright", "hello.c": "hello.c", "debian": "", "Kbuild": "",
	} {
		dir := filepath.Join(t.TempDir(), "hello-2")
		write(t, filepath.Join(dir, "Makefile"), []byte("obj-m := hello.o\n"))
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.Symlink(filepath.Join(outside, target), path)); err != nil {
			t.Fatal(err)
		}
		tree, err := new(Fetcher).Local(t.Context(), dir)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		needs, _ := tree.BuildDepends("amd64")
		if tree.Name != "hello" || tree.Version != "2" || !tree.ModTime.Equal(undated) || tree.Copyright != "" || tree.Changelog != "" || needs != "" {
			t.Errorf("%s, a link out, is read: %+v, needs %q", name, tree, needs)
		}
	}
	dir := filepath.Join(t.TempDir(), "hello-2")
	write(t, filepath.Join(dir, "real.conf"), []byte("PACKAGE_NAME=inside\nPACKAGE_VERSION=3\n"))
	if err := os.Symlink("real.conf", filepath.Join(dir, "dkms.conf")); err != nil {
		t.Fatal(err)
	}
	if tree, err := new(Fetcher).Local(t.Context(), dir); err != nil || tree.Name != "inside" || tree.Version != "3" {
		t.Errorf("a link that stays inside: %+v, %v", tree, err)
	}
}

// TestLocalReplaced has another directory, or a link to one, take the place of a source between the look and its use.
func TestLocalReplaced(t *testing.T) {
	dir, other := filepath.Join(t.TempDir(), "hello"), filepath.Join(t.TempDir(), "other")
	for _, d := range []string{dir, other} {
		write(t, filepath.Join(d, "Makefile"), []byte("obj-m := hello.o\n"))
	}
	tree, err := new(Fetcher).Local(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tree.Contents(t.Context()); err != nil {
		t.Error(err)
	}
	if err := errors.Join(os.Rename(dir, dir+"-away"), os.Symlink(other, dir)); err != nil {
		t.Fatal(err)
	}
	var changed *way.ChangedError
	if _, err := tree.Open(); !errors.As(err, &changed) {
		t.Errorf("opened: %v", err)
	}
	if _, err := tree.Contents(t.Context()); !errors.As(err, &changed) {
		t.Errorf("read: %v", err)
	}
	tar := write(t, filepath.Join(t.TempDir(), "hello-1.tar"), tarball(t, files{"Makefile": ""}))
	w, err := way.Find(tar)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Rename(tar, tar+"-away"), os.WriteFile(tar, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	if _, err := (&Fetcher{Cache: t.TempDir()}).localArchive(t.Context(), w); !errors.As(err, &changed) {
		t.Errorf("a tarball: %v", err)
	}
}
