package debpkg

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode"

	"mago/cmd/lab/oracle"
	"mago/debpkg/codec"
	"mago/debpkg/control"
	"mago/debpkg/relation"
)

// dpkgDeb runs dpkg-deb on a package, as nobody where the tests run as root: the bytes are foreign.
func dpkgDeb(t testing.TB, path, action string, fields ...string) (stdout []byte, complaint string, ok bool) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var out, stderr bytes.Buffer
	cmd := exec.Command("dpkg-deb", append([]string{action, "/dev/stdin"}, fields...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = file, &out, &stderr
	cmd.Env = append(cmd.Environ(), "LC_ALL=C.UTF-8", "TMPDIR=/tmp")
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	err = oracle.Run(t, cmd)
	return out.Bytes(), stderr.String(), err == nil
}

// debOf writes a package of an archive of plain files and a data archive.
func debOf(t testing.TB, control, data []byte) string {
	return deb{}.write(t, arMember("debian-binary", "2.0\n"), arMember("control.tar", string(control)), arMember("data.tar", string(data)))
}

// controlTarOf holds one file.
func controlTarOf(t testing.TB, name, content string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(content)), Format: tar.FormatGNU}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// controls are paragraphs of which some are a package's and some are nearly.
var controls = []string{
	golden,
	"Package: ab\nVersion: 1\nArchitecture: all\nMaintainer: x <x@y>\nDescription: d\n",
	"package: ab\nVERSION: 1:1.0-1\nArchitecture: amd64\nX-Odd:\n first\n\tsecond  \n .\n  third\nDescription: d\n long\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nDescription: no newline at the end",
	"\n\nPackage: ab\nVersion: 1\nArchitecture: all\n\n\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nDescription: d\n \n x\n",
	"Package: ab\nVersion: 1\nArchitecture: all\n# a comment\nDescription: d\n",
	"#: c\nPackage: ab\nVersion: 1\nArchitecture: all\n",
	"Package : ab\nVersion\t: 1\nArchitecture:all\n",
	"Package: ab\r\nVersion: 1\r\nArchitecture: all\r\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nDescription: \xff\xfe\x00\n",
	"Package: A_b\nVersion: 1\nArchitecture: all\n",
	"Package: a b\nVersion: 1\nArchitecture: all\n",
	"Package: -a\nVersion: 1\nArchitecture: all\n",
	"Package: ab\nVersion: 1-\nArchitecture: all\n",
	"Package: ab\nVersion: -1\nArchitecture: all\n",
	"Package: ab\nVersion: x\nArchitecture: all\n",
	"Package: ab\nVersion: 99999999999:1\nArchitecture: all\n",
	"Package: ab\nVersion: 1 2\nArchitecture: all\n",
	"Package: ab\nVersion: 1_2\nArchitecture: all\n",
	"Package: ab\nVersion: 1\nArchitecture: a/b\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nDepends: b (>= 1-)\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nDepends: b [amd64]\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nDepends: b (> 1), c:any | d (=1)\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nDepends: b, c:/ny | d\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nDepends: b, c: | d\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nDepends: b, c: amd64 | d\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nDepends: b, c :amd64 | d\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nDepends: b, c:a b | d\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nDepends: b, c:-x | d\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nDepends: b, c:a_b | d\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nDepends: b, c:a.b | d\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nDepends: b, c:aMd64 | d\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nDepends: b, c:linux-any | d\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nDepends: b, c:gnu-any-any | d\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nDepends: b, c:musl-linux-amd64(>= 1) | d\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nDepends: b, c:9 [amd64] | d\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nDepends: b,,c\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nDepends: ${a}b, c\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nDepends: b${a} (>= 1)\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nDepends: ,\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nProvides: b (>= 1)\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nConffiles:\n /etc/x 0\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nEssential: maybe\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nMulti-Arch: odd\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nStatus: install ok installed\n",
	"Package: ab\nPackage: ab\nVersion: 1\nArchitecture: all\n",
	"Package: ab\nVersion: 1\nArchitecture: all\n\x1a",
	"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA1\n\nPackage: ab\nVersion: 1\nArchitecture: all\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nX-Odd:\n\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nX-Odd:\n \tsecond\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nX",
	"Package: ab\nVersion: 1\nArchitecture: all\n\n ",
	"Package: ab\nVersion: 1\nX-Odd:\nArchitecture: all\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nDepends: ab(1)\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nDepends: ab,\n cd (>= 1)\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nMulti-Arch: same\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nRevision: 2\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nDescription:\n no synopsis\n",
	"Package: ab\nVersion: 1\nArchitecture: all\nX-Odd: a\u00a0\n b\u00a0\n",
}

// stricter are the errors with which Open refuses, on purpose, what dpkg takes.
var stricter = []string{
	"not two or more of a-z",              // Policy 5.6.1; dpkg takes capitals, which it makes small, _, and names of one character
	"not [epoch:]upstream",                // Policy 5.6.12; dpkg takes colons behind the epoch's
	"not the name of one architecture",    // dpkg takes any, source, and what it has never heard of
	"not one of ",                         // dpkg takes yes and no in capitals
	"obsolete: dpkg reads it as",          // Revision, which would change the version that the control file shows
	"no newline at the end",               // one byte behind the last newline, which dpkg does not look at
	"more than one line",                  // Policy 5.1: Maintainer, Section and the like are not folded
	"alternatives in ",                    // Policy 7.1
	"is not an exact version",             // Policy 7.5
	"only dpkg's status file may hold it", // Conffiles
	"has no field Architecture",           // which dpkg asks for when it installs
	"a NUL or ^Z",                         // where dpkg-deb ends a value or the file
	"no field name and colon in",          // a name that begins with #, which elsewhere is a comment, or is not ASCII
	"control character",                   // in a relation
	"more than ", "longer than ",          // a limit
}

func isStricter(err error) bool {
	return slices.ContainsFunc(stricter, func(text string) bool { return strings.Contains(err.Error(), text) })
}

// FuzzControlAgreesWithDpkg puts a text into a package as its control file. Where dpkg refuses the paragraph Open does,
// and the other way round but for what stricter lists; every field comes out the same.
func FuzzControlAgreesWithDpkg(f *testing.F) {
	needs(f, "dpkg-deb")
	for _, text := range controls {
		f.Add(text)
	}
	for text := range refusedControls {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		path := debOf(t, controlTarOf(t, "control", text), newDeb(t).data)
		_, complaint, ok := dpkgDeb(t, path, "--show")
		r, err := Open(path)
		switch {
		case err == nil && !ok:
			t.Errorf("dpkg refuses it: %s", complaint)
		case err != nil && ok && !isStricter(err):
			t.Errorf("dpkg takes it, and here: %v", err)
		case err == nil:
			sameFields(t, r, path)
			r.Close()
		}
	})
}

// rewritten are the fields that dpkg-deb prints in a form of its own.
var rewritten = []string{"version", "depends", "pre-depends", "recommends", "suggests", "enhances", "provides", "conflicts", "breaks", "replaces", "conffiles",
	"priority", "section", "multi-arch", "architecture"}

// sameFields asks dpkg-deb for all fields.
func sameFields(t *testing.T, r *Reader, path string) {
	t.Helper()
	p := r.Control()
	out, complaint, ok := dpkgDeb(t, path, "--field", p.Fields()...)
	if !ok {
		t.Errorf("fields %q: dpkg-deb: %s", p.Fields(), complaint)
	}
	var theirs []string // in the order that they were asked for
	for line := range strings.Lines(string(out)) {
		_, value, _ := strings.Cut(line, ":")
		if control.IsBlank(rune(line[0])) {
			theirs[len(theirs)-1] += line
			continue
		}
		theirs = append(theirs, value)
	}
	if len(theirs) != len(p.Fields()) {
		t.Fatalf("fields %q, and dpkg-deb says %q", p.Fields(), out)
	}
	for i, field := range p.Fields() {
		if got, want := p.Get(field), unfolded(theirs[i]); got != want && !slices.Contains(rewritten, strings.ToLower(field)) {
			t.Errorf("field %q is %q, and dpkg-deb says %q", field, got, want)
		}
	}
}

// unfolded is a value as Paragraph has it: without the blank that begins a continuation line, the dot of an empty one, and what
// Unicode, too, takes for a blank at its end.
func unfolded(value string) string {
	first, rest, folded := strings.Cut(strings.TrimSuffix(value, "\n"), "\n")
	lines := []string{strings.TrimSpace(first)}
	if !folded {
		return lines[0]
	}
	for line := range strings.SplitSeq(rest, "\n") {
		line = strings.TrimRightFunc(line[min(1, len(line)):], unicode.IsSpace)
		if line == "." {
			line = ""
		}
		lines = append(lines, line)
	}
	if lines[0] == "" {
		lines = lines[1:]
	}
	return strings.Join(lines, "\n")
}

// FuzzOpenAgreesWithDpkg: what dpkg-deb cannot read Open and Data refuse, what it can they read: the fields, the members'
// names and contents are the same. Beyond that only what stricter and stricterArchive list is refused.
func FuzzOpenAgreesWithDpkg(f *testing.F) {
	needs(f, "dpkg-deb")
	d := newDeb(f)
	version, control, data := arMember("debian-binary", "2.0\n"), arMember("control.tar", string(d.control)), arMember("data.tar", string(d.data))
	for _, members := range [][]string{
		{version, control, data},
		{arMember("debian-binary", "2.17\nmore\n"), arMember("_a", "odd"), control, arMember("_b", ""), data, arMember("more", "x")},
		{version, arMember("control.tar", string(controlTarOf(f, "./control", controls[1]))), data},
		{version, control, arMember("data.tar", "")},
		{version, control, data, "\n"},
		{version, control, data, "trailing"},
		{version, control[:len(control)-1], data},
		{version, control, data[:len(data)-700]},
		{arMember("debian-binary", "2.0"), control, data},
		{arMember("debian-binary", "2.0 \n"), control, data},
		{arMember("debian-binary", "02.00000\n"), control, data},
	} {
		f.Add([]byte("!<arch>\n" + strings.Join(members, "")))
	}
	for _, format := range []codec.Format{codec.Gzip, codec.XZ, codec.Zstd} {
		packedControl, packedData := packed(f, format, d.control), packed(f, format, d.data[:1024])+packed(f, format, d.data[1024:])
		f.Add([]byte("!<arch>\n" + version + arMember("control.tar"+format.Extension(), packedControl) + data))
		f.Add([]byte("!<arch>\n" + version + control + arMember("data.tar"+format.Extension(), packedData)))
		f.Add([]byte("!<arch>\n" + version + arMember("control.tar"+format.Extension(), packedControl+packedControl) + data))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		path := filepath.Join(t.TempDir(), "x.deb")
		writeFile(t, path, string(in))
		_, complaint, ok := dpkgDeb(t, path, "--show")
		want, complaint2, ok2 := dpkgDeb(t, path, "--fsys-tarfile")
		got, r, err := readWhole(path)
		switch {
		case err == nil && !(ok && ok2):
			t.Errorf("dpkg-deb refuses it: %s%s", complaint, complaint2)
		case err != nil && ok && ok2 && !isStricter(err) && !isStricterArchive(err):
			t.Errorf("dpkg-deb takes it, and here: %v", err)
		case err == nil && !bytes.Equal(got, want):
			t.Errorf("data.tar of %d bytes, and dpkg-deb gives %d", len(got), len(want))
		case err == nil:
			sameFields(t, r, path)
		}
	})
}

// packed is a member's content in one stream.
func packed(t testing.TB, format codec.Format, content []byte) string {
	t.Helper()
	var out bytes.Buffer
	w, err := codec.NewWriter(&out, format, 1)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write(content)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// readWhole gives the data member of a package, and its closed reader.
func readWhole(path string) ([]byte, *Reader, error) {
	r, err := Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	data, err := r.Data()
	if err != nil {
		return nil, nil, err
	}
	defer data.Close()
	all, err := io.ReadAll(codec.Limit(data, 1<<20))
	return all, r, err
}

// stricterArchive are the errors with which an archive is refused, on purpose, that dpkg-deb takes.
var stricterArchive = []string{
	"cut short", "goes beyond the end", ": malformed", // what follows data.tar, where dpkg-deb stops reading
	"is not 2.x",                                        // 02.0
	"follows the end of its first stream",               // where dpkg-deb stops reading a member
	"more than ",                                        // a limit
	"not a plain file",                                  // in control.tar, whatever it is that dpkg-deb ignores
	"archive/tar: invalid tar header", "unexpected EOF", // damage in control.tar, or its missing end, behind the file control
}

func isStricterArchive(err error) bool {
	return slices.ContainsFunc(stricterArchive, func(text string) bool { return strings.Contains(err.Error(), text) })
}

// FuzzVersionsAgreeWithDpkg: a version is one where dpkg --validate-version says so, and two are in the order that
// dpkg --compare-versions puts them in.
func FuzzVersionsAgreeWithDpkg(f *testing.F) {
	needs(f, "dpkg")
	for _, v := range []string{"1", "1.0-1", "1:1.0~rc1-1+b1", "1.0-", "-1", "", "a", "0:1", ":1", "1:", "2147483647:1", "2147483648:1", "1:2:3", "1.0+dfsg-0", "01.00", "1~", "1~~a", "1_2", "1 ", "1.0-1-2"} {
		f.Add(v, "1.0-1")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, v := range []string{a, b} {
			if strings.ContainsRune(v, 0) {
				t.Skip("no argument of a program")
			}
			ours, theirs := checkVersion(v) == nil, oracle.Run(t, exec.Command("dpkg", "--validate-version", "--", v)) == nil
			if ours && !theirs {
				t.Errorf("%q is no version", v)
			}
			odd := strings.Count(v, ":") > 1 || strings.Trim(v, " \t\n\v\f\r+") != v // a colon in upstream's part, blanks around, +1:
			if theirs && !ours && !odd && len(v) <= 200 {
				t.Errorf("%q is a version", v)
			}
		}
		if checkVersion(a) != nil || checkVersion(b) != nil {
			return
		}
		for operator, name := range map[string]string{"<<": "lt", "<=": "le", "=": "eq", ">=": "ge", ">>": "gt"} {
			relations, err := relation.Parse("x (" + operator + " " + b + ")")
			if err != nil {
				t.Fatal(err)
			}
			want := oracle.Run(t, exec.Command("dpkg", "--compare-versions", "--", a, name, b)) == nil
			if got := relations[0].Alternatives[0].Accepts(a); got != want {
				t.Errorf("%s %s %s is %v", a, operator, b, got)
			}
		}
	})
}
