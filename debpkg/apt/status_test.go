package apt

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mago/debpkg/rooted"
)

const statusFile = `Package: dpkg
Status: install ok installed
Architecture: amd64
Multi-Arch: foreign
Version: 1.21.22

Package: libc6
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Source: glibc
Version: 2.36-9+deb12u10
Pre-Depends: dpkg (>= 1.20)
Description: C library
 with a
 Package: trap

Package: libc6
Status: install ok installed
Architecture: i386
Multi-Arch: same
Version: 2.36-9+deb12u10

Package: perl
Status: hold ok installed
Architecture: amd64
Multi-Arch: allowed
Version: 5.36.0-7
Provides: perl-api (= 5.36), libtext-perl

Package: wine32
Status: install ok installed
Architecture: i386
Version: 8
Provides: wine

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: half
Status: install ok half-configured
Architecture: amd64
Version: 1

Package: broken
Status: install reinstreq installed
Architecture: amd64
Version: 1

Package: epochal
Status: install ok installed
Architecture: all
Version: 1:0.9
`

// testRoot is a root directory with the status file.
func testRoot(t testing.TB, status string) string {
	t.Helper()
	root := t.TempDir()
	writeFile(t, filepath.Join(root, "var/lib/dpkg/status"), status)
	return root
}

func testStatus(t testing.TB) *Status {
	t.Helper()
	s, err := ReadStatus(rooted.Root(testRoot(t, statusFile)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStatus(t *testing.T) {
	s := testStatus(t)
	var names []string
	for p := range s.All() {
		names = append(names, p.Package+":"+p.Architecture)
	}
	if got := strings.Join(names, " "); got != "dpkg:amd64 libc6:amd64 libc6:i386 perl:amd64 wine32:i386 epochal:all" {
		t.Errorf("installed: %s", got)
	}
	want := Installed{Package: "libc6", Version: "2.36-9+deb12u10", Architecture: "amd64", Status: "install ok installed",
		Source: "glibc", MultiArch: "same", PreDepends: "dpkg (>= 1.20)"}
	if got := s.Broken(); !slices.Equal(got, []string{"broken"}) {
		t.Errorf("broken: %q", got)
	}
	got, ok := s.Installed("libc6")
	if got.Text, got.Line, got.file = "", 0, ""; !ok || got != want {
		t.Errorf("libc6 = %+v, %v", got, ok)
	}
	if got, ok := s.Installed("wine32"); !ok || got.Architecture != "i386" {
		t.Errorf("wine32 = %+v, %v", got, ok)
	}
	for _, name := range []string{"gone", "half", "broken", "libtext-perl", "trap"} {
		if _, ok := s.Installed(name); ok {
			t.Errorf("%s is installed", name)
		}
	}
}

// TestStates: what dpkg lets others depend on is installed, what may lack files is not whole, and what changed last, in the
// journal, counts.
func TestStates(t *testing.T) {
	for _, test := range []struct {
		status                      string
		installed, present, whole   bool
		unfinished, broken, removed bool
	}{
		{status: "install ok installed", installed: true, present: true, whole: true},
		{status: "hold ok installed", installed: true, present: true, whole: true},
		{status: "install ok triggers-pending", installed: true, present: true, whole: true, unfinished: true},
		{status: "install ok triggers-awaited", present: true, whole: true, unfinished: true},
		{status: "install ok half-configured", present: true, whole: true, unfinished: true},
		{status: "install ok unpacked", present: true, whole: true, unfinished: true},
		{status: "install ok half-installed", present: true, unfinished: true},
		{status: "install reinstreq half-installed", present: true, broken: true},
		{status: "install reinstreq installed", present: true, whole: true, broken: true},
		{status: "deinstall ok config-files", removed: true},
		{status: "purge ok not-installed"},
	} {
		for _, journal := range []bool{false, true} {
			paragraph := func(status string) string {
				return "Package: one\nStatus: " + status + "\nArchitecture: amd64\nVersion: 1\n"
			}
			root := testRoot(t, paragraph(test.status))
			if journal {
				root = testRoot(t, paragraph("install ok installed"))
				writeFile(t, filepath.Join(root, "var/lib/dpkg/updates/0000"), paragraph("install ok half-configured"))
				writeFile(t, filepath.Join(root, "var/lib/dpkg/updates/0001"), paragraph(test.status))
			}
			s, err := ReadStatus(rooted.Root(root))
			if err != nil {
				t.Fatal(err)
			}
			got := test
			_, got.installed = s.Installed("one")
			present := slices.Collect(s.Present())
			got.present, got.whole = len(present) == 1, len(present) == 1 && present[0].Whole()
			got.unfinished, got.broken, got.removed = len(s.Unfinished()) == 1, len(s.Broken()) == 1, len(s.Removed()) == 1
			if got != test {
				t.Errorf("journal %v: got %+v, want %+v", journal, got, test)
			}
		}
	}
}

// TestUnreadableStatus: only a status that is not there has no packages.
func TestUnreadableStatus(t *testing.T) {
	if s, err := ReadStatus(rooted.Root(t.TempDir())); err != nil || len(slices.Collect(s.All())) > 0 {
		t.Errorf("without a status: %v", err)
	}
	for _, name := range []string{"status", "updates"} {
		root := t.TempDir()
		path := filepath.Join(root, "var/lib/dpkg", name)
		writeFile(t, path, "")
		if name == "status" {
			path = filepath.Join(root, "var/lib/dpkg/status")
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			writeFile(t, filepath.Join(path, "in"), "")
		}
		if _, err := ReadStatus(rooted.Root(root)); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s cannot be read: error %v", name, err)
		}
	}
}

func TestUnmet(t *testing.T) {
	s := testStatus(t)
	for _, test := range []struct {
		depends string
		unmet   []string
	}{
		{"", nil},
		{"libc6", nil},
		{"libc6 (>= 2.36), perl", nil},
		{"libc6 (>= 2.37), perl", []string{"libc6 (>= 2.37)"}},
		{"libc6 (<< 2.36-9+deb12u10)", []string{"libc6 (<< 2.36-9+deb12u10)"}},
		{"libc6 (<= 2.36-9+deb12u10)", nil},
		{"libc6 (= 2.36-9+deb12u10)", nil},
		{"libc6 (>> 2.36-9+deb12u9)", nil},
		{"libc6(>=2.36)", nil},
		{"libc6 (> 2.36-9+deb12u10), libc6 (< 2.36-9+deb12u10)", nil}, // obsolete forms of >= and <=
		{"epochal (>= 5)", nil},
		{"epochal (>= 1:1)", []string{"epochal (>= 1:1)"}},
		{" missing\n | perl ,\n\tlibc6", nil},
		{"missing |\n  gone", []string{"missing | gone"}},
		{"perl-api", nil},
		{"perl-api (>= 5.30)", nil},
		{"perl-api (>= 5.38)", []string{"perl-api (>= 5.38)"}},
		{"libtext-perl", nil},
		{"libtext-perl (>= 1)", []string{"libtext-perl (>= 1)"}},
		{"perl:any", nil},
		{"libc6:any", []string{"libc6:any"}},
		{"libc6:i386", nil},
		{"perl:i386", []string{"perl:i386"}},
		{"dpkg:amd64 (>= 1.21)", nil},
		{"wine32", []string{"wine32"}},
		{"wine", []string{"wine"}},
		{"half, broken", []string{"half", "broken"}},
		{"half (1)", []string{"half (1)"}},
	} {
		got, err := s.Unmet(test.depends)
		if err != nil || !slices.Equal(got, test.unmet) {
			t.Errorf("Unmet(%q) = %q, %v, want %q", test.depends, got, err, test.unmet)
		}
	}
}

func TestUnmetRefusesWhatIsNoRelation(t *testing.T) {
	s := testStatus(t)
	for _, depends := range []string{"a b", "a (", "a (x)", "a (>= )", "a (>= 1", "a [amd64]", "a <x>", "a []", "a <>", "a\u00a0", "${x}", ",a", "a||b", "a\x00, b", "-a", "ä"} {
		if got, err := s.Unmet(depends); err == nil {
			t.Errorf("Unmet(%q) = %q and no error", depends, got)
		}
	}
}

// TestBadFieldsOfOnePackage: what is wrong with one installed package is no reason to know nothing of the others.
func TestBadFieldsOfOnePackage(t *testing.T) {
	s, err := ReadStatus(rooted.Root(testRoot(t, statusFile+`
Package: odd
Status: install ok installed
Architecture: amd64
Version: 1
Provides: odd-api, a b
Depends: c d
`)))
	if err != nil {
		t.Fatal(err)
	}
	unmet, err := s.With().Unmet("odd, odd-api, perl-api")
	if err != nil || !slices.Equal(unmet, []string{"odd-api"}) {
		t.Errorf("unmet %q, %v", unmet, err)
	}
}

// TestStatusOfThisSystem holds what dpkg itself keeps: every dependency of every installed package is met.
func TestStatusOfThisSystem(t *testing.T) {
	if _, err := os.Stat("/var/lib/dpkg/status"); err != nil {
		t.Skip("not a Debian system: ", err)
	}
	s, err := ReadStatus("/")
	if err != nil {
		t.Fatal(err)
	}
	for p := range s.All() {
		for _, depends := range []string{p.PreDepends, p.Depends} {
			if unmet, err := s.Unmet(depends); err != nil || len(unmet) > 0 {
				t.Errorf("%s: unmet %q, err = %v", p.Package, unmet, err)
			}
		}
	}
}

// FuzzUnmet: no field makes the parser panic, and what it gives back means the same again.
func FuzzUnmet(f *testing.F) {
	for _, seed := range []string{"a (>= 1) | b, c:any", "perl-api (= 5.36)", "x [amd64] <!y>", "${z}, libc6 (> 1)"} {
		f.Add(seed)
	}
	s := testStatus(f)
	f.Fuzz(func(t *testing.T, depends string) {
		first, err := s.Unmet(depends)
		if err != nil {
			return
		}
		again, err := s.Unmet(strings.Join(first, ", "))
		if err != nil || !slices.Equal(first, again) {
			t.Errorf("%q gives %q, and that gives %q, %v", depends, first, again, err)
		}
	})
}
