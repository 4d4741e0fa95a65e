package debpkg

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
		"":              {"dpkg", "libc6", "libgcc"},
		"gcc, nonesuch": {"binutils", "dpkg", "gcc", "gcc-12", "libc6", "libgcc"},
	} {
		all, err := s.Closure(depends)
		var names []string
		for _, p := range all {
			names = append(names, p.Package)
		}
		if err != nil || !slices.Equal(names, want) {
			t.Errorf("%q: %q, %v, want %q", depends, names, err, want)
		}
	}
	if _, err := s.Closure("gcc [amd64]"); err == nil {
		t.Error("a relation that no package may have is taken")
	}
}
