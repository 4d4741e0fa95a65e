package debpkg

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mago/debpkg/codec"
)

func TestReaderGivesWhatWriteWrote(t *testing.T) {
	for _, format := range allCompressions {
		t.Run(string(format), func(t *testing.T) {
			r, err := Open(mustWrite(t, examplePackage(), Options{Compression: format}))
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if got := r.Control().Get("version"); got != "1:2.0-3+6.1.55-1" {
				t.Errorf("Version = %q", got)
			}
			if got := string(r.Script("postinst")); got != "#!/bin/sh\nexit 0\n" || r.Script("preinst") != nil {
				t.Errorf("postinst = %q, preinst = %q", got, r.Script("preinst"))
			}
			for range 2 { // Data begins anew each time
				if names := tarNames(t, r); !slices.Contains(names, "."+longName) || len(names) != 26 {
					t.Errorf("%d names: %q", len(names), names)
				}
			}
		})
	}
}

func tarNames(t *testing.T, r *Reader) (names []string) {
	t.Helper()
	data, err := r.Data()
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	for tr := tar.NewReader(data); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
	}
}

// TestReaderOpensOldPackages: data members that dpkg has written, and mago does not write.
func TestReaderOpensOldPackages(t *testing.T) {
	for _, c := range []struct{ extension, program, option string }{{".bz2", "bzip2", "-c"}, {".lzma", "xz", "--format=lzma"}} {
		t.Run(c.extension, func(t *testing.T) {
			needs(t, c.program, "dpkg-deb")
			deb := newDeb(t)
			cmd := exec.Command(c.program, c.option)
			cmd.Stdin = bytes.NewReader(deb.data)
			packed, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			path := deb.write(t, arMember("debian-binary", "2.0\n"), arMember("control.tar", string(deb.control)), arMember("data.tar"+c.extension, string(packed)))
			r, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if names := tarNames(t, r); !slices.Equal(names, []string{"./", "./x"}) {
				t.Errorf("names = %q", names)
			}
		})
	}
}

// deb holds the parts of an uncompressed package, for making others that are broken.
type deb struct{ control, data []byte }

func newDeb(t testing.TB) deb {
	t.Helper()
	p := testPackage()
	p.Files = []File{Bytes("/x", []byte("content\n"))}
	var d deb
	files, err := tree(p.Files)
	if err != nil {
		t.Fatal(err)
	}
	about, err := controlFiles([]byte(golden), nil, p)
	if err != nil {
		t.Fatal(err)
	}
	for member, files := range map[*[]byte][]File{&d.data: files, &d.control: about} {
		var buf bytes.Buffer
		if _, err := packTar(&buf, files, p, Options{Compression: codec.None}); err != nil {
			t.Fatal(err)
		}
		*member = buf.Bytes()
	}
	return d
}

func (deb) write(t testing.TB, members ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.deb")
	writeFile(t, path, "!<arch>\n"+strings.Join(members, ""))
	return path
}

func arHeader(name, mode, size, trailer string) string {
	return fmt.Sprintf("%-16s%-12s%-6s%-6s%-8s%-10s%s", name, "0", "0", "0", mode, size, trailer)
}

func arMember(name, content string) string {
	member := arHeader(name, "100644", fmt.Sprint(len(content)), "`\n") + content
	if len(content)%2 == 1 {
		member += "\n"
	}
	return member
}

func TestOpenRefusesHostileArchives(t *testing.T) {
	d := newDeb(t)
	version, control, data := arMember("debian-binary", "2.0\n"), arMember("control.tar", string(d.control)), arMember("data.tar", string(d.data))
	for _, test := range []struct {
		name, member, want string
		members            []string
	}{
		{"nothing", "", "no member debian-binary", nil},
		{"negative size", "", "ar header at byte 8: malformed", []string{arHeader("debian-binary", "100644", "-60", "`\n")}},
		{"size beyond the end", "", "goes beyond the end", []string{version, arHeader("control.tar", "100644", "9999999999", "`\n")}},
		{"size with junk", "", "malformed", []string{arHeader("debian-binary", "100644", "4x", "`\n") + "2.0\n"}},
		{"size missing", "", "malformed", []string{arHeader("debian-binary", "100644", "", "`\n") + "2.0\n"}},
		{"short mode", "", "malformed", []string{arHeader("debian-binary", "6", "4", "`\n") + "2.0\n"}},
		{"no trailer", "", "malformed", []string{arHeader("debian-binary", "100644", "4", "  ") + "2.0\n"}},
		{"header cut short", "", "ar header at byte 72: cut short", []string{version, control[:59]}},
		{"member cut short", "", "goes beyond the end", []string{version, control[:100]}},
		{"trailing data", "", "cut short", []string{version, control, data, "trailing"}},
		{"no control", "", `member "data.tar" where control.tar belongs`, []string{version, data}},
		{"no data", "", "no member data.tar", []string{version, control}},
		{"two controls", "", `member "control.tar" where data.tar belongs`, []string{version, control, control, data}},
		{"wrong first", "", `member "control.tar" where debian-binary belongs`, []string{control, version, data}},
		{"_ first", "", `member "_x" where debian-binary belongs`, []string{arMember("_x", ""), version, control, data}},
		{"format 3", "debian-binary", `format version "3.0\n" is not 2.x`, []string{arMember("debian-binary", "3.0\n"), control, data}},
		{"format without newline", "debian-binary", "is not 2.x", []string{arMember("debian-binary", "2.0"), control, data}},
		{"unknown compression", "control.tar.rar", "compression unknown to dpkg", []string{version, arMember("control.tar.rar", ""), data}},
		{"bzip2 control", "control.tar.bz2", "compression unknown to dpkg", []string{version, arMember("control.tar.bz2", "BZh"), data}},
		{"other data", "data.tar.lz4", "compression unknown to dpkg", []string{version, control, arMember("data.tar.lz4", "")}},
		{"misnamed", "control.tar.gz", "contents are in format none", []string{version, arMember("control.tar.gz", string(d.control)), data}},
		{"empty control", "control.tar", "no file control", []string{version, arMember("control.tar", ""), data}},
		{"cut control", "control.tar", "unexpected EOF", []string{version, arMember("control.tar", string(d.control[:1000])), data}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Open(d.write(t, test.members...))
			var format *FormatError
			if !errors.As(err, &format) || format.Member != test.member || !strings.Contains(err.Error(), test.want) {
				t.Errorf("err = %v, want %q of member %q", err, test.want, test.member)
			}
		})
	}
}

func TestOpenRefusesOtherFiles(t *testing.T) {
	for _, text := range []string{"", "!<arch>", "!<thin>\n" + arMember("debian-binary", "2.0\n"), "0.939000\n"} {
		path := filepath.Join(t.TempDir(), "x.deb")
		writeFile(t, path, text)
		if _, err := Open(path); !errors.As(err, new(*FormatError)) || !strings.Contains(err.Error(), "not an ar archive") {
			t.Errorf("%q: err = %v", text, err)
		}
	}
}

func TestOpenToleratesWhatDeb5Allows(t *testing.T) {
	d := newDeb(t)
	control, data := arMember("control.tar/", string(d.control)), arMember("data.tar", string(d.data))
	for name, members := range map[string][]string{
		"newer minor version":     {arMember("debian-binary", "2.17\nmore\n"), control, data},
		"members that begin in _": {arMember("debian-binary", "2.0\n"), arMember("_a", "odd"), control, arMember("_b", ""), data},
		"members after data":      {arMember("debian-binary", "2.0\n"), control, data, arMember("future", "x")},
	} {
		t.Run(name, func(t *testing.T) {
			needs(t, "dpkg-deb")
			path := d.write(t, members...)
			r, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			r.Close()
			output(t, "dpkg-deb", "-I", path)
		})
	}
}

// controlOf makes a control member of one entry.
func controlOf(t *testing.T, h tar.Header, content string) string {
	t.Helper()
	var out bytes.Buffer
	tw := tar.NewWriter(&out)
	h.Size = int64(len(content))
	if err := tw.WriteHeader(&h); err != nil {
		t.Fatal(err)
	}
	if _, err := tw.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestOpenRefusesBadControlMembers(t *testing.T) {
	d := newDeb(t)
	file := func(name, content string) string {
		return controlOf(t, tar.Header{Name: name, Typeflag: tar.TypeReg}, content)
	}
	for _, test := range []struct{ name, control, want string }{
		{"path", file("../control", golden), `entry "../control": not a plain file`},
		{"subdirectory", file("./a/control", golden), "not a plain file"},
		{"link", controlOf(t, tar.Header{Name: "control", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, ""), "not a plain file"},
		{"directory", controlOf(t, tar.Header{Name: "sub/", Typeflag: tar.TypeDir}, ""), "not a plain file"},
		{"other file", file("md5sums", ""), "no file control"},
		{"no paragraph", file("control", "\n\n"), "holds no paragraph"},
		{"no colon", file("control", "Package\n"), "parse control: line 1"},
		{"two paragraphs", file("control", golden+"\n"+golden), "more than one paragraph"},
		{"no version", file("control", "Package: x\nArchitecture: all\n"), "has no field Version"},
		{"too large", file("big", strings.Repeat("x", maxControl)), "more than 16777216 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Open(d.write(t, arMember("debian-binary", "2.0\n"), arMember("control.tar", test.control), arMember("data.tar", "")))
			var format *FormatError
			if !errors.As(err, &format) || format.Member != "control.tar" || !strings.Contains(err.Error(), test.want) {
				t.Errorf("err = %v, want %q", err, test.want)
			}
		})
	}
}

func TestOpenTellsEveryTruncation(t *testing.T) {
	whole, err := os.ReadFile(mustWrite(t, testPackage(), Options{}))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cut.deb")
	for n := range len(whole) - 1 { // the last byte may be padding
		writeFile(t, path, string(whole[:n]))
		var format *FormatError
		if r, err := Open(path); !errors.As(err, &format) {
			r.Close()
			t.Fatalf("the first %d of %d bytes: err = %v", n, len(whole), err)
		}
	}
}

func TestDataTellsDamage(t *testing.T) {
	path := mustWrite(t, examplePackage(), Options{})
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	whole[len(whole)-20] ^= 1
	writeFile(t, path, string(whole))
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := r.Data()
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	_, err = io.Copy(io.Discard, data)
	var format *FormatError
	if !errors.As(err, &format) || format.Member != "data.tar.zst" || format.Path != path {
		t.Errorf("err = %v", err)
	}
}

func TestOpenOfAMissingFile(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "gone.deb")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("err = %v", err)
	}
}

// FuzzOpen: no file makes Open or Data panic, and what Open takes dpkg-deb takes too.
func FuzzOpen(f *testing.F) {
	for _, format := range allCompressions {
		p := testPackage()
		p.Files = []File{Bytes("/x", []byte("content\n"))}
		whole, err := os.ReadFile(mustWrite(f, p, Options{Compression: format}))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(whole)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		path := filepath.Join(t.TempDir(), "x.deb")
		writeFile(t, path, string(in))
		r, err := Open(path)
		if err != nil {
			return
		}
		defer r.Close()
		if data, err := r.Data(); err == nil {
			_, _ = io.Copy(io.Discard, io.LimitReader(data, 1<<20))
			data.Close()
		}
		if _, err := exec.LookPath("dpkg-deb"); err == nil {
			output(t, "dpkg-deb", "-I", path)
		}
	})
}
