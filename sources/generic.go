package sources

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// generic are words that say what a directory holds or what state it is in, but not whose driver it is.
var generic = map[string]bool{}

func init() {
	for word := range strings.FieldsSeq("src source sources code module modules mod driver drivers kernel kernels linux" +
		" main master trunk head build builds tree trees dkms kmod ko lib libs out oot obj debian package pkg git svn repo" +
		" release all alli allu download downloads desktop documents") {
		generic[word] = true
	}
}

var (
	numeral = regexp.MustCompile(`^v?[0-9]+[a-z]?$|^(?:rc|alpha|beta|pre)[0-9]*$`)
	counted = regexp.MustCompile(`^(.*?)[0-9]{1,2}$`)
	branch  = regexp.MustCompile(`(?i)(?:\.git|[-_](?:main|master|trunk|head|develop|devel|[0-9a-f]{40}))$`)
)

// isGeneric reports whether a name consists of such words and numbers, as linux-driver, src2 and v1.0 do.
func isGeneric(name string) bool {
	words := strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune("-_.+~ ", r) })
	return !slices.ContainsFunc(words, func(w string) bool {
		return !generic[w] && !numeral.MatchString(w) && !generic[counted.ReplaceAllString(w, "$1")]
	})
}

// nameAndVersion are the parts of a directory's or archive's name; "" for a missing one.
type nameAndVersion struct{ name, version string }

// splitBase splits a directory's name, such as hello-1.0, 1.0 or, of a branch's archive, hello-1.0-master.
func splitBase(base string) nameAndVersion {
	for branch.MatchString(base) {
		base = branch.ReplaceAllString(base, "")
	}
	name, version := splitVersion(base)
	if version == "" && versionAlone.MatchString(base) {
		return nameAndVersion{"", base}
	}
	return nameAndVersion{name, version}
}

var versionAlone = regexp.MustCompile(`^v?[0-9]+(?:\.[\w+~-]+)+$|^v[0-9]+$`)

// places are directories whose contents do not belong together.
var places = []string{"/", "/root", "/tmp", "/var", "/var/tmp", "/usr", "/usr/local", "/usr/src", "/usr/local/src", "/opt", "/srv", "/mnt", "/media", "/home"}

// ownBase is a directory's name, "" for a directory of the system or somebody's home.
func ownBase(dir string) string {
	if slices.Contains(places, dir) || filepath.Dir(dir) == "/home" {
		return ""
	}
	return filepath.Base(dir)
}
