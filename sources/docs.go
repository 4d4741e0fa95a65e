package sources

import (
	"os"
	"path/filepath"
	"time"
)

// The files that an installed package must have (Debian Policy 12.5, 12.7); the first that exists counts.
const docDir = "/usr/share/doc"

var (
	copyrights = []string{"copyright"}
	changelogs = []string{"changelog.Debian.gz", "changelog.Debian", "changelog.gz", "changelog"}
)

// docs gives the paths, relative to dir, of a package's copyright and changelog among its data.
func docs(dir, pkg string) (copyright, changelog string) {
	find := func(name string) string { return filepath.Join(dir, dataDir, docDir, pkg, name) }
	return relative(dir, firstFile(copyrights, find)), relative(dir, firstFile(changelogs, find))
}

// debianChangelog is the changelog of a tree that is not packaged but has a debian directory.
const debianChangelog = "debian/changelog"

// debianDocs returns the same files of such a tree, as paths below it. It ignores a link that leads out of the tree: root
// would read for its owner what the owner may not.
func debianDocs(root *os.Root) (copyright, changelog string) {
	find := func(name string) string {
		if info, err := root.Stat(name); err != nil || !info.Mode().IsRegular() {
			return ""
		}
		return name
	}
	return find("debian/copyright"), find(debianChangelog)
}

// firstFile gives the path of the first name that is a plain file, "" where none is.
func firstFile(names []string, path func(name string) string) string {
	for _, name := range names {
		if p := path(name); regular(p) {
			return p
		}
	}
	return ""
}

// relative makes a path relative to dir, "" for none.
func relative(dir, path string) string {
	if path == "" {
		return ""
	}
	rel, _ := filepath.Rel(dir, path) // both are as absolute as the cache
	return rel
}

// below undoes relative.
func below(dir, rel string) string {
	if rel == "" {
		return ""
	}
	return filepath.Join(dir, rel)
}

func regular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// undated is the date of a directory whose source has none. The dates of its files are those of a copy or a checkout, and
// would give the same source other bytes elsewhere.
var undated = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// treeTime is the date of a changelog's newest entry or, without one, undated.
func treeTime(entry time.Time) time.Time {
	if !entry.IsZero() {
		return wholeSecond(entry)
	}
	return undated
}

// The first and the last second that both SOURCE_DATE_EPOCH and the octal digits of a tar header can express.
var (
	firstSecond = time.Unix(0, 0).UTC()
	lastSecond  = time.Unix(1<<33-1, 0).UTC()
)

// wholeSecond is a time as SOURCE_DATE_EPOCH has it, or the nearest that it can have.
func wholeSecond(t time.Time) time.Time {
	switch t = t.UTC().Truncate(time.Second); {
	case t.Before(firstSecond):
		return firstSecond
	case t.After(lastSecond):
		return lastSecond
	}
	return t
}
