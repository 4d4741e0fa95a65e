package main

import (
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
)

// newestRelease is the newest version in cmd/mkdeb/debian/changelog.
const newestRelease = "0.8"

// ownVersion is this version of mago, as its Debian package has it.
func ownVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return newestRelease
	}
	return debianVersion(info.Main.Version)
}

var (
	untagged = regexp.MustCompile(`^v0\.0\.0-(\d{14})-([0-9a-f]{12})(\+dirty)?$`)
	sinceTag = regexp.MustCompile(`^v(\d+\.\d+)\.(\d+)-0\.(\d{14})-([0-9a-f]{12})(\+dirty)?$`)
)

// debianVersion turns the version that Go gives a build into one of Debian's. A commit comes after the release before it and
// after every older commit: Go names it after the release that it precedes, or v0.0.0 where no tag is a version.
func debianVersion(goVersion string) string {
	if m := untagged.FindStringSubmatch(goVersion); m != nil {
		return newestRelease + "+git" + m[1] + "." + m[2] + m[3]
	}
	if m := sinceTag.FindStringSubmatch(goVersion); m != nil {
		next, _ := strconv.Atoi(m[2])
		return m[1] + "." + strconv.Itoa(next-1) + "+git" + m[3] + "." + m[4] + m[5]
	}
	if goVersion == "" || goVersion == "(devel)" {
		return newestRelease
	}
	return strings.ReplaceAll(strings.TrimPrefix(goVersion, "v"), "-", "~")
}
