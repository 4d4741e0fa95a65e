package debpkg

import (
	"bytes"
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mago/debpkg/codec"
	"mago/debpkg/control"
)

const golden = `Package: example-modules-6.1.0-9-amd64
Source: example
Version: 1:2.0-3+6.1.55-1
Architecture: amd64
Maintainer: Jörg Example <joerg@example.org>
Installed-Size: 7
Section: kernel
Recommends: linux-image-6.1.0-9-amd64
Provides: example-modules (= 1:2.0-3), example-api
Description: example module for Linux 6.1.0-9-amd64
 This package holds one module.
 .
   modprobe example
 .
 Built on purpose.
`

func TestParagraph(t *testing.T) {
	got, err := paragraph(testPackage().Control, 7)
	if err != nil || string(got) != golden {
		t.Errorf("err = %v, got:\n%s", err, got)
	}
}

func TestParagraphComesBackAsItWas(t *testing.T) {
	fields := testPackage().Control
	text, err := paragraph(fields, 7)
	if err != nil {
		t.Fatal(err)
	}
	s := control.NewScanner(bytes.NewReader(text), "control")
	s.Scan()
	p, err := s.Paragraph()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fields {
		if got := p.Get(f.Name); got != f.Value {
			t.Errorf("%s = %q, want %q", f.Name, got, f.Value)
		}
	}
}

func TestInstalledSizeOfTheCallerIsReplaced(t *testing.T) {
	fields := append([]Field{{"installed-size", "99"}}, testPackage().Control...)
	got, err := paragraph(fields, 7)
	if err != nil || !strings.HasPrefix(string(got), "Installed-Size: 7\nPackage: ") || strings.Count(strings.ToLower(string(got)), "installed-size") != 1 {
		t.Errorf("err = %v, got:\n%s", err, got)
	}
}

// TestParagraphTooLong: nothing is written that Open would not read.
func TestParagraphTooLong(t *testing.T) {
	fields := []Field{{"Package", "ab"}, {"Version", "1"}, {"Architecture", "all"}, {"Maintainer", "N <n@example.org>"}, {"Description", "d" + strings.Repeat("\n x", 5000)}}
	var limit *codec.LimitError
	if _, err := paragraph(fields, 1); !errors.As(err, &limit) {
		t.Errorf("got %v", err)
	}
}

func TestParagraphRefusesWhatDpkgRefuses(t *testing.T) {
	for _, test := range []struct{ field, value, want string }{
		{"Package", "", "control field Package: missing"},
		{"Package", "x", "not two or more of"},
		{"Package", "Example", "not two or more of"},
		{"Package", "a_b", "not two or more of"},
		{"Package", "../x", "not two or more of"},
		{"Version", "x1", "not [epoch:]upstream[-revision]"},
		{"Version", "1 2", "not [epoch:]"},
		{"Version", "1.0-", "revision is empty"},
		{"Version", "a:1", "not [epoch:]"},
		{"Version", "99999999999:1", "epoch 99999999999 is too large"},
		{"Version", "1.0/../2", "not [epoch:]"},
		{"Architecture", "any", "not the name of one architecture"},
		{"Architecture", "amd64 i386", "not the name of one architecture"},
		{"Maintainer", " \n", "control field Maintainer: missing"},
		{"Maintainer", "a\nDepends: evil", "more than one line"},
		{"Description", "", "control field Description: missing"},
		{"Description", "\nlong only", "no synopsis on the first line"},
		{"Description", "a\rb", "control character"},
		{"Description", "a\x00b", "control character"},
		{"Description", "a\xffb", "not UTF-8"},
		{"VERSION", "2", "control field VERSION: given twice"},
		{"Bad Name", "x", `control field "Bad Name": not a field name`},
		{"#Name", "x", "not a field name"},
		{"-Name", "x", "not a field name"},
		{"Na:me", "x", "not a field name"},
		{"", "x", "not a field name"},
		{"Status", "install ok installed", "only dpkg's status file may hold it"},
		{"Essential", "maybe", "not one of yes, no"},
		{"Multi-Arch", "yes", "not one of no, same, foreign, allowed"},
		{"Depends", "a,, b", `relation "": `},
		{"Depends", "a,", `relation "": `},
		{"Depends", "a (>= 1) b", "Trailing garbage"},
		{"Depends", "a [amd64]", "restricted as only source packages may"},
		{"Depends", "a <!nocheck>", "restricted as only source packages may"},
		{"Depends", "${misc:Depends}", "package name missing"},
		{"Depends", "a | | b", "package name missing"},
		{"Conflicts", "a | b", "alternatives in"},
		{"Provides", "a (>= 1)", "is not an exact version"},
	} {
		t.Run(test.field+" "+test.value, func(t *testing.T) {
			_, err := paragraph(withField(testPackage().Control, test.field, test.value), 1)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("err = %v, want %q", err, test.want)
			}
		})
	}
}

// withField sets a field that is there, and adds any other.
func withField(fields []Field, name, value string) []Field {
	for i := range fields {
		if fields[i].Name == name {
			fields[i].Value = value
			return fields
		}
	}
	return append(fields, Field{name, value})
}

func TestVersionsThatPolicyAllows(t *testing.T) {
	needs(t, "dpkg")
	for _, version := range []string{"1", "0:1", "1:2.0-3+6.1.55-1", "2.0~rc1-1~bpo12+1", "1.0+dfsg-0.3", "2147483647:1"} {
		if err := checkVersion(version); err != nil {
			t.Errorf("%s: %v", version, err)
		}
		output(t, "dpkg", "--validate-version", version)
	}
}

// TestInstalledSizeIsDpkgGencontrols asks the program that sets the rule.
func TestInstalledSizeIsDpkgGencontrols(t *testing.T) {
	needs(t, "dpkg-gencontrol", "dpkg-deb")
	dir := t.TempDir()
	tree := filepath.Join(dir, "tree")
	output(t, "dpkg-deb", "-x", mustWrite(t, examplePackage(), Options{}), tree)
	writeFile(t, filepath.Join(dir, "debian/control"), "Source: example\nMaintainer: a <a@b>\n\nPackage: example\nArchitecture: all\nDescription: x\n")
	writeFile(t, filepath.Join(dir, "debian/changelog"), "example (1) unstable; urgency=low\n\n  * x\n\n -- a <a@b>  Thu, 29 Feb 2024 12:00:00 +0000\n")
	text := output(t, "env", "-C", dir, "dpkg-gencontrol", "-O", "-P"+tree, "-f"+filepath.Join(dir, "files"))
	size := regexp.MustCompile(`(?m)^Installed-Size: (\d+)$`).FindStringSubmatch(text)
	got := output(t, "dpkg-deb", "-f", mustWrite(t, examplePackage(), Options{}), "Installed-Size")
	if size == nil || strings.TrimSpace(got) != size[1] {
		t.Errorf("Installed-Size = %s, dpkg-gencontrol: %s", got, text)
	}
}
