package payload

import (
	"path"
	"slices"
	"strings"

	"mago/debpkg/visible"
)

// merged are the directories of / that are links into /usr on a merged system, as Debian 12 is.
var merged = []string{"bin", "sbin", "lib", "lib32", "lib64", "libx32", "libo32"}

// canonical is the name by which a path is compared, of its two on a system with a merged /usr.
func canonical(name string) string {
	top, _, _ := strings.Cut(strings.TrimPrefix(name, "/"), "/")
	if strings.HasPrefix(name, "/") && slices.Contains(merged, top) {
		return "/usr" + name
	}
	return name
}

// isClean reports whether a path is absolute, in its shortest form, and printable.
func isClean(name string) bool {
	return strings.HasPrefix(name, "/") && path.Clean(name) == name && isShown(name)
}

// isShown reports whether a text can be printed as it is.
func isShown(text string) bool { return visible.Line(text) == text }

// isTriplet tells the directories of an architecture, as x86_64-linux-gnu.
func isTriplet(name string) bool { return strings.Contains(name, "-linux-gnu") }

// isBelow reports whether a path is below a directory.
func isBelow(name, dir string) bool { return strings.HasPrefix(name, strings.TrimSuffix(dir, "/")+"/") }

// parents are the directories above a path, the nearest first, without /.
func parents(name string) (dirs []string) {
	for dir := path.Dir(name); dir != "/" && dir != "."; dir = path.Dir(dir) {
		dirs = append(dirs, dir)
	}
	return dirs
}
