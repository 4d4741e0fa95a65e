package apt

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"mago/debpkg/rooted"
)

func TestClosure(t *testing.T) {
	s := newStatus([]Installed{
		{Package: "dpkg", Version: "1", Architecture: "amd64", Essential: true, PreDepends: "libc6"},
		{Package: "libc6", Version: "2.36", Architecture: "amd64", Depends: "libgcc"},
		{Package: "libgcc", Version: "12", Architecture: "amd64", Depends: "libc6"},
		{Package: "gcc", Version: "12", Architecture: "amd64", Depends: "gcc-12 (>= 12), missing | assembler"},
		{Package: "gcc-12", Version: "12.2", Architecture: "amd64"},
		{Package: "binutils", Version: "2.40", Architecture: "amd64", Provides: "assembler", Depends: "what? is this"},
		{Package: "vim", Version: "9", Architecture: "amd64", Depends: "gcc"},
	})
	for depends, want := range map[string][]string{
		"":                        {"dpkg", "libc6", "libgcc"},
		"/opt/gcc, gcc [amd64]":   {"dpkg", "libc6", "libgcc"},
		"/opt/gcc, gcc, nonesuch": {"binutils", "dpkg", "gcc", "gcc-12", "libc6", "libgcc"},
	} {
		var names []string
		for _, p := range s.Closure(depends) {
			names = append(names, p.Package)
		}
		if !slices.Equal(names, want) {
			t.Errorf("%q: %q, want %q", depends, names, want)
		}
	}
}

// TestClosest: what a name stands for is found by the file that its program is, and what came of its source package with it.
func TestClosest(t *testing.T) {
	root := t.TempDir()
	info := filepath.Join(root, "var/lib/dpkg/info")
	err := errors.Join(os.MkdirAll(info, 0o755), os.WriteFile(filepath.Join(info, "gcc-12.list"), []byte("/.\n/bin/x86_64-linux-gnu-gcc-12\n"), 0o644))
	if err != nil {
		t.Fatal(err)
	}
	s := newStatus([]Installed{
		{Package: "dpkg", Version: "1", Architecture: "amd64", Essential: true, PreDepends: "libc6"},
		{Package: "libc6", Source: "glibc", Version: "2.36", Architecture: "amd64"},
		{Package: "gcc", Source: "gcc-defaults (1.203)", Version: "12", Architecture: "amd64", Depends: "gcc-12, cpp"},
		{Package: "cpp", Source: "gcc-defaults (1.203)", Version: "12", Architecture: "amd64", Depends: "perl"},
		{Package: "gcc-12", Version: "12.2", Architecture: "amd64", Depends: "cpp-12, libmpfr6"},
		{Package: "cpp-12", Source: "gcc-12", Version: "12.2", Architecture: "amd64"},
		{Package: "libmpfr6", Source: "mpfr4", Version: "4", Architecture: "amd64"},
		{Package: "perl", Version: "5", Architecture: "amd64"},
		{Package: "gcc-13", Version: "13", Architecture: "amd64"},
	})
	packages, strange, err := s.Closest(rooted.Root(root), "gcc", []string{"/usr/bin/x86_64-linux-gnu-gcc-12", "/usr/local/bin/make"})
	var names []string
	for _, p := range packages {
		names = append(names, p.Package)
	}
	if want := []string{"cpp", "cpp-12", "gcc", "gcc-12"}; err != nil || !slices.Equal(names, want) || !slices.Equal(strange, []string{"/usr/local/bin/make"}) {
		t.Errorf("got %q and %q, %v, want %q", names, strange, err, want)
	}
}
