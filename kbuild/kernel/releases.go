package kernel

import (
	"cmp"
	"slices"
	"strings"

	"pault.ag/go/debian/version"

	"mago/debpkg/lazy"
	"mago/debpkg/word"
)

// Running is the release of the running kernel as the root's /proc says; "" where there is no /proc, or where it says nothing
// that is one.
func (f Finder) Running() string {
	text, err := f.root().ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return ""
	}
	release, err := word.ParseRelease(strings.TrimSpace(string(text)))
	if err != nil {
		return ""
	}
	return release.String()
}

// Installed lists the kernels whose modules are on the machine, oldest first.
func (f Finder) Installed() []string { return SortReleases(f.modules("modules.builtin")) }

// WithHeaders lists the kernels whose headers are on the machine, complete or not, oldest first.
func (f Finder) WithHeaders() []string {
	releases := f.modules("build")
	for _, name := range f.names("/usr/src") {
		if release, ok := strings.CutPrefix(name, "linux-headers-"); ok && ValidRelease(release) && f.exists("/usr/src/"+name+"/.config") {
			releases = append(releases, release)
		}
	}
	for _, dir := range f.Dirs {
		if release, err := f.ReleaseOf(dir); err == nil {
			releases = append(releases, release)
		}
	}
	return SortReleases(releases)
}

// modules lists the directories of /lib/modules that hold a file of that name. One that no kernel could be called is none.
func (f Finder) modules(file string) []string {
	var releases []string
	for _, name := range f.names("/lib/modules") {
		if ValidRelease(name) && f.exists("/lib/modules/"+name+"/"+file) {
			releases = append(releases, name)
		}
	}
	return releases
}

// names lists a directory; one that cannot be read has none.
func (f Finder) names(dir string) (names []string) {
	entries, _ := f.root().ReadDir(dir)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
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

// Flavour is what follows a release's numbers: rt-amd64 in 6.1.0-56-rt-amd64; "" where nothing does.
func Flavour(release string) string {
	for release != "" {
		head, rest, _ := strings.Cut(release, "-")
		if !number().MatchString(head) {
			return release
		}
		release = rest
	}
	return ""
}

var number = lazy.Regexp(`^(?:rc)?[0-9]+(?:[.+~].*)?$`)

// OfFlavour keeps the releases of the same flavour as another one, such as cloud-amd64; where there is none the plain ones, and
// where there are none of these either, all.
func OfFlavour(releases []string, like string) []string {
	for _, fits := range []func(string) bool{
		func(release string) bool { return Flavour(release) == Flavour(like) },
		func(release string) bool { return !strings.Contains(Flavour(release), "-") },
	} {
		if slices.ContainsFunc(releases, fits) {
			return slices.DeleteFunc(slices.Clone(releases), func(release string) bool { return !fits(release) })
		}
	}
	return releases
}

// Nearest picks the releases most like the wanted one: same flavour first, then the plain ones, then by the longest
// common beginning, newest first.
func Nearest(wanted string, known []string, most int) []string {
	common := func(s string) int {
		n := 0
		for n < len(s) && n < len(wanted) && s[n] == wanted[n] {
			n++
		}
		return n
	}
	distance := func(s string) int {
		if Flavour(s) == Flavour(wanted) {
			return 0
		}
		return 1 + strings.Count(Flavour(s), "-")
	}
	near := SortReleases(slices.Clone(known))
	slices.Reverse(near)
	slices.SortStableFunc(near, func(a, b string) int {
		return cmp.Or(distance(a)-distance(b), common(b)-common(a))
	})
	return near[:min(most, len(near))]
}
