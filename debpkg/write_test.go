package debpkg

import (
	"bytes"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mago/debpkg/codec"
)

var longName = "/lib/modules/6.1.0-9-amd64/updates/mago/" + strings.Repeat("a-long-directory-name/", 6) + strings.Repeat("é", 20) + ".ko"

// examplePackage holds every kind of file, in no order.
func examplePackage() *Package {
	p := testPackage()
	p.Scripts = map[string]string{"postinst": "#!/bin/sh\nexit 0\n", "prerm": "#!/bin/sh\nexit 0\n"}
	p.Files = []File{
		Bytes("/usr/share/doc/example/changelog", []byte("now\n")),
		Bytes(longName, bytes.Repeat([]byte("ELF"), 1<<20)),
		Bytes("/lib/modules/6.1.0-9-amd64/updates/mago/example.ko", []byte("\x7fELF")),
		{Path: "/usr/share/doc/example-modules", Link: "example"},
		{Path: "/usr/bin/example", Mode: 0o755, Size: 1, Open: Bytes("", []byte("x")).Open},
		{Path: "/var/lib/example", Mode: fs.ModeDir | 0o700},
		Bytes("/usr/share/doc/example/empty", nil),
	}
	return p
}

func mustWrite(t testing.TB, p *Package, o Options) string {
	t.Helper()
	path, err := Write(t.TempDir(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var allCompressions = []codec.Format{codec.Zstd, codec.XZ, codec.Gzip, codec.None}

func TestWriteGivesTheSameBytesTwice(t *testing.T) {
	for _, format := range allCompressions {
		t.Run(string(format), func(t *testing.T) {
			p := examplePackage()
			random, size := rand.New(rand.NewPCG(5, 6)), 2<<20
			if format == codec.XZ {
				size = 64 << 10 // one block either way, and xz takes seconds for the other
			}
			p.Files = append(p.Files, Bytes("/pseudo.ko", pseudoELF(random, vocabulary(random), size)))
			first, err := os.ReadFile(mustWrite(t, p, Options{format, 1}))
			if err != nil {
				t.Fatal(err)
			}
			p.Files[0], p.Files[2] = p.Files[2], p.Files[0]
			second, err := os.ReadFile(mustWrite(t, p, Options{format, 4}))
			if err != nil || !bytes.Equal(first, second) {
				t.Errorf("another order of files and four threads give other bytes (err = %v)", err)
			}
			p.ModTime = p.ModTime.Add(time.Hour)
			third, _ := os.ReadFile(mustWrite(t, p, Options{format, 1}))
			if bytes.Equal(first, third) {
				t.Error("another ModTime gives the same bytes")
			}
		})
	}
}

func TestDpkgDebTakesWhatWriteWrites(t *testing.T) {
	needs(t, "dpkg-deb", "tar")
	for _, format := range allCompressions {
		t.Run(string(format), func(t *testing.T) {
			path := mustWrite(t, examplePackage(), Options{Compression: format})
			if base := filepath.Base(path); base != "example-modules-6.1.0-9-amd64_2.0-3+6.1.55-1_amd64.deb" {
				t.Errorf("file name %s", base)
			}
			if got := output(t, "dpkg-deb", "-f", path, "Version", "Installed-Size"); got != "Version: 1:2.0-3+6.1.55-1\nInstalled-Size: 3096\n" {
				t.Errorf("fields: %q", got)
			}
			output(t, "dpkg-deb", "-I", path)
			checkListing(t, output(t, "dpkg-deb", "-c", path))
			checkUnpacked(t, path)
		})
	}
}

func checkListing(t *testing.T, listing string) {
	t.Helper()
	for _, want := range []string{
		"drwxr-xr-x root/root         0 2024-02-29 12:00 ./\n",
		"drwx------ root/root         0 2024-02-29 12:00 ./var/lib/example/\n",
		"-rw-r--r-- root/root         4 2024-02-29 12:00 ./lib/modules/6.1.0-9-amd64/updates/mago/example.ko\n",
		"-rwxr-xr-x root/root         1 2024-02-29 12:00 ./usr/bin/example\n",
		"lrwxrwxrwx root/root         0 2024-02-29 12:00 ./usr/share/doc/example-modules -> example\n",
	} {
		if !strings.Contains(listing, want) {
			t.Errorf("listing lacks %q:\n%s", want, listing)
		}
	}
}

func checkUnpacked(t *testing.T, deb string) {
	t.Helper()
	dir := t.TempDir()
	output(t, "dpkg-deb", "-x", deb, dir)
	output(t, "dpkg-deb", "-e", deb, filepath.Join(dir, "DEBIAN"))
	sums := output(t, "env", "-C", dir, "md5sum", "-c", "DEBIAN/md5sums")
	if strings.Count(sums, ": OK") != 5 {
		t.Errorf("md5sums: %s", sums)
	}
	if info, err := os.Stat(filepath.Join(dir, "DEBIAN/postinst")); err != nil || info.Mode() != 0o755 {
		t.Errorf("postinst: %v, %v", info, err)
	}
}

func TestMembersAreInTheOrderOfDeb5(t *testing.T) {
	f, err := os.Open(mustWrite(t, examplePackage(), Options{}))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	all, err := members(f, info.Size())
	if err != nil || len(all) != 3 || all[0].name != "debian-binary" || all[1].name != "control.tar.gz" || all[2].name != "data.tar.zst" {
		t.Errorf("members = %v, err = %v", all, err)
	}
}

func TestSumsAreSorted(t *testing.T) {
	p := testPackage()
	p.Files = []File{Bytes("/b", []byte("b")), Bytes("/a/x", []byte("a")), Bytes("/a-b", []byte("c")), {Path: "/l", Link: "b"}}
	r, err := Open(mustWrite(t, p, Options{}))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	want := fmt.Sprintf("%x  a-b\n%x  a/x\n%x  b\n", md5.Sum([]byte("c")), md5.Sum([]byte("a")), md5.Sum([]byte("b")))
	if got := string(r.Script("md5sums")); got != want {
		t.Errorf("md5sums = %q, want %q", got, want)
	}
}

func TestWriteRefusesBadFiles(t *testing.T) {
	for _, test := range []struct {
		name  string
		files []File
		want  string
	}{
		{"relative", []File{Bytes("lib/x", nil)}, `pack "lib/x": not a clean absolute path`},
		{"dots", []File{Bytes("/lib/../etc/passwd", nil)}, "not a clean absolute path"},
		{"trailing slash", []File{Bytes("/lib/", nil)}, "not a clean absolute path"},
		{"the root as a file", []File{Bytes("/", nil)}, "pack /: not as a directory"},
		{"twice", []File{Bytes("/x", nil), Bytes("/x", nil)}, "pack /x: given twice"},
		{"file and directory", []File{Bytes("/x", nil), Bytes("/x/y", nil)}, "pack /x/y: /x is not a directory"},
		{"below a link", []File{{Path: "/x", Link: "z"}, Bytes("/x/y", nil)}, "pack /x/y: /x is not a directory"},
		{"newline", []File{Bytes("/x\ny", nil)}, "control character"},
		{"setuid", []File{{Path: "/x", Mode: fs.ModeSetuid | 0o755, Open: Bytes("", nil).Open}}, "more than permissions"},
		{"no contents", []File{{Path: "/x"}}, "pack /x: no contents"},
		{"too short", []File{{Path: "/x", Size: 3, Open: Bytes("", []byte("ab")).Open}}, "not of the announced 3 bytes"},
		{"too long", []File{{Path: "/x", Size: 1, Open: Bytes("", []byte("ab")).Open}}, "not of the announced 1 bytes"},
		{"unreadable", []File{{Path: "/x", Open: func() (io.ReadCloser, error) { return nil, fs.ErrPermission }}}, "pack /x: permission denied"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := testPackage()
			p.Files = test.files
			refused(t, p, test.want)
		})
	}
}

// refused writes p, which has to fail with the error and leave nothing behind.
func refused(t *testing.T, p *Package, want string) {
	t.Helper()
	dir := t.TempDir()
	path, err := Write(dir, p, Options{Threads: 2})
	if err == nil || path != "" || !strings.Contains(err.Error(), want) {
		t.Errorf("path = %q, err = %v, want %q", path, err, want)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestWriteRefusesOtherScriptsAndFormats(t *testing.T) {
	p := testPackage()
	p.Scripts = map[string]string{"../evil": ""}
	refused(t, p, `"../evil" is not a maintainer script`)
	if _, err := Write(t.TempDir(), testPackage(), Options{Compression: codec.Bzip2}); err == nil {
		t.Error("bzip2: no error")
	}
	if _, err := Write(filepath.Join(t.TempDir(), "missing"), testPackage(), Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing directory: err = %v", err)
	}
	p = testPackage()
	p.ModTime = time.Date(1960, 1, 1, 0, 0, 0, 0, time.UTC)
	refused(t, p, "does not fit")
}

func TestWriteLeavesTheCallersFilesAlone(t *testing.T) {
	p := examplePackage()
	mustWrite(t, p, Options{})
	if len(p.Files) != 7 || p.Files[0].Path != "/usr/share/doc/example/changelog" || len(p.Control) != 10 {
		t.Errorf("changed: %v %v", p.Files, p.Control)
	}
}

func TestOnDisk(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "file"), "abc")
	if err := os.Symlink("file", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	f, err := OnDisk("/x", filepath.Join(dir, "file"))
	if err != nil || f.Path != "/x" || f.Size != 3 || f.Mode != 0o644 || f.Open == nil {
		t.Errorf("file: %+v, %v", f, err)
	}
	if f, err = OnDisk("/x", filepath.Join(dir, "link")); err != nil || f.Link != "file" || f.Open != nil {
		t.Errorf("link: %+v, %v", f, err)
	}
	if f, err = OnDisk("/x", dir); err != nil || !f.Mode.IsDir() || f.Open != nil {
		t.Errorf("directory: %+v, %v", f, err)
	}
	if _, err = OnDisk("/x", "/dev/null"); err == nil || !strings.Contains(err.Error(), "neither file") {
		t.Errorf("device: err = %v", err)
	}
	if _, err = OnDisk("/x", filepath.Join(dir, "gone")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: err = %v", err)
	}
}

// TestEncodeGivesWhatWriteDoes: a package needs no directory, and what keeps a writer from writing is an error.
func TestEncodeGivesWhatWriteDoes(t *testing.T) {
	want, err := os.ReadFile(mustWrite(t, examplePackage(), Options{}))
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := Encode(&got, examplePackage(), Options{}); err != nil || !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%d bytes, want the %d of Write; %v", got.Len(), len(want), err)
	}
	if err := Encode(new(fullDisk), examplePackage(), Options{}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("to a full disk: error %v", err)
	}
}

type fullDisk struct{}

func (*fullDisk) Write([]byte) (int, error) { return 0, syscall.ENOSPC }
