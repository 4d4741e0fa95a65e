package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// newestEntry finds the first entry of a changelog (deb-changelog(5)): its version, and the date of its last line.
var newestEntry = regexp.MustCompile(`\Amago \((\S+)\) unstable; urgency=\w+\n(?:\n|  .*\n)+ -- .* <.*>  (\w.*)\n`)

var errNoEntry = errors.New("debian/changelog does not begin with an entry of mago's")

// changelogFor returns debian/changelog with the package's version and date in its newest entry, which must be of the same release.
func changelogFor(text, version string, date time.Time) ([]byte, error) {
	entry := newestEntry.FindStringSubmatchIndex(text)
	if entry == nil {
		return nil, errNoEntry
	}
	if release := text[entry[2]:entry[3]]; !isOf(version, release) {
		return nil, fmt.Errorf("debian/changelog begins with %s, not with %s", release, version)
	}
	return []byte(text[:entry[2]] + version + text[entry[3]:entry[4]] + date.Format(time.RFC1123Z) + text[entry[5]:]), nil
}

// isOf reports whether a version is that release, or a build after it.
func isOf(version, release string) bool {
	rest, ok := strings.CutPrefix(version, release)
	return ok && (rest == "" || rest[0] == '+' || rest[0] == '.')
}

// changelogDate is the date of a changelog's newest entry.
func changelogDate(text string) (time.Time, error) {
	entry := newestEntry.FindStringSubmatch(text)
	if entry == nil {
		return time.Time{}, errNoEntry
	}
	return time.Parse(time.RFC1123Z, entry[2])
}
