package payload

import (
	"archive/tar"
	"bytes"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"testing"

	"mago/debpkg"
)

// TestRead: what is said of files before they are packed and of the .deb afterwards is the same.
func TestRead(t *testing.T) {
	so := sharedLibrary("libhello.so.1", "libz.so.1")
	files := []debpkg.File{
		debpkg.Bytes("/etc/modprobe.d/hello.conf", []byte("options hello a=1\n")), debpkg.Bytes("/usr/lib/libhello.so.1", so), debpkg.Bytes("/etc/modprobe.d/a b.conf", nil),
		{Path: "/usr/lib/libhello.so", Link: "libhello.so.1"}, {Path: "/usr/share/hello/empty", Mode: fs.ModeDir | 0o755},
	}
	deb, err := debpkg.Write(t.TempDir(), &debpkg.Package{Files: files, Conffiles: []string{"/etc/modprobe.d/hello.conf", "/etc/modprobe.d/a b.conf"}, Control: []debpkg.Field{
		{Name: "Package", Value: "hello-modules-common"}, {Name: "Version", Value: "1"}, {Name: "Architecture", Value: "all"}, {Name: "Maintainer", Value: "A Person <a@example.org>"},
		{Name: "Replaces", Value: "hello-dkms, old-hello (<< 2)"}, {Name: "Description", Value: "x"}}}, debpkg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Read(deb)
	if err != nil {
		t.Fatal(err)
	}
	want, err := Of("hello-modules-common", files, []string{"/etc/modprobe.d/hello.conf", "/etc/modprobe.d/a b.conf"})
	if err != nil {
		t.Fatal(err)
	}
	if want.Entries[1].Soname != "libhello.so.1" {
		t.Errorf("of a library: %+v", want.Entries[1])
	}
	got.Entries = slices.DeleteFunc(got.Entries, func(e Entry) bool { return e.Mode.IsDir() && e.Path != "/usr/share/hello/empty" })
	for _, entries := range [][]Entry{got.Entries, want.Entries} {
		slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
		for i := range entries {
			entries[i].Mode &= fs.ModeDir // 0 is the usual permissions of files that are to be packed
		}
	}
	want.Replaces = "hello-dkms, old-hello (<< 2)"
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestMember(t *testing.T) {
	for _, c := range []struct {
		header tar.Header
		want   Entry
	}{
		{tar.Header{Name: "./usr/bin/x", Typeflag: tar.TypeReg, Mode: 0o4755}, Entry{Path: "/usr/bin/x", Mode: fs.ModeSetuid | 0o755}},
		{tar.Header{Name: "./usr/bin/", Typeflag: tar.TypeDir, Mode: 0o755}, Entry{Path: "/usr/bin", Mode: fs.ModeDir | 0o755}},
		{tar.Header{Name: "./", Typeflag: tar.TypeDir, Mode: 0o755}, Entry{Path: "/", Mode: fs.ModeDir | 0o755}},
		{tar.Header{Name: "./a", Linkname: "b", Typeflag: tar.TypeSymlink, Mode: 0o777}, Entry{Path: "/a", Link: "b"}},
		{tar.Header{Name: "./a", Linkname: "./b", Typeflag: tar.TypeLink, Mode: 0o644}, Entry{Path: "/a", Mode: 0o644, Odd: "a hard link"}},
		{tar.Header{Name: "./a", Typeflag: tar.TypeFifo, Mode: 0o644}, Entry{Path: "/a", Mode: 0o644, Odd: "a device or pipe"}},
		{tar.Header{Name: "a", Typeflag: tar.TypeReg, Mode: 0o644}, Entry{Path: "a", Mode: 0o644}}, // not clean, and refused
	} {
		if got := member(&c.header, new(bytes.Buffer)); got != c.want {
			t.Errorf("%+v: %+v", c.header, got)
		}
	}
}
