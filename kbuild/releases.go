package kbuild

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"pault.ag/go/debian/version"
)

// Running is the release of the running kernel as the root's /proc says; "" where there is no /proc.
func (f Finder) Running() string {
	text, err := os.ReadFile(filepath.Join(f.root(), "/proc/sys/kernel/osrelease"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// Installed lists the kernels whose modules are on the machine, oldest first.
func (f Finder) Installed() []string {
	var releases []string
	for _, path := range f.glob("/lib/modules/*/modules.builtin") {
		releases = append(releases, filepath.Base(filepath.Dir(path)))
	}
	return SortReleases(releases)
}

// WithHeaders lists the kernels whose headers are on the machine, complete or not, oldest first.
func (f Finder) WithHeaders() []string {
	var releases []string
	for _, path := range f.glob("/lib/modules/*/build") {
		releases = append(releases, filepath.Base(filepath.Dir(path)))
	}
	for _, path := range f.glob("/usr/src/linux-headers-*/.config") {
		releases = append(releases, strings.TrimPrefix(filepath.Base(filepath.Dir(path)), "linux-headers-"))
	}
	for _, dir := range f.Dirs {
		if release, err := releaseOf(filepath.Join(f.root(), dir)); err == nil {
			releases = append(releases, release)
		}
	}
	return SortReleases(releases)
}

// ReleaseOf reads the release that the headers in dir, inside the root, belong to.
func (f Finder) ReleaseOf(dir string) (string, error) { return releaseOf(filepath.Join(f.root(), dir)) }

func (f Finder) glob(pattern string) []string {
	paths, _ := filepath.Glob(filepath.Join(f.root(), pattern)) // the patterns are ours and well formed
	return paths
}

// SortReleases orders releases as Debian orders versions, oldest first, each once.
func SortReleases(releases []string) []string {
	slices.SortFunc(releases, func(a, b string) int {
		if c := version.Compare(version.Version{Version: a}, version.Version{Version: b}); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(releases)
}

// Nearest picks the releases most like the wanted one: same flavour first, then the longest common beginning.
func Nearest(wanted string, known []string, most int) []string {
	flavour := func(s string) string { return s[strings.LastIndexByte(s, '-')+1:] }
	common := func(s string) int {
		n := 0
		for n < len(s) && n < len(wanted) && s[n] == wanted[n] {
			n++
		}
		return n
	}
	near := SortReleases(slices.Clone(known))
	slices.Reverse(near)
	slices.SortStableFunc(near, func(a, b string) int {
		if fa, fb := flavour(a) == flavour(wanted), flavour(b) == flavour(wanted); fa != fb {
			if fa {
				return -1
			}
			return 1
		}
		return common(b) - common(a)
	})
	return near[:min(most, len(near))]
}
