package apt

import (
	"slices"
	"testing"
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
