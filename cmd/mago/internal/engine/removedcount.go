package engine

import (
	"strings"
)

// The kinds of things that clean and purge remove, in the order in which they are told.
var removedKinds = []string{"package", "record", "download", "opened source", "unfinished build", "directory in /lib/modules", "headers package"}

const (
	removedPackages = iota
	removedRecords  // of a unit's builds, with its logs
	removedDownloads
	removedSources
	removedUnfinished // what a build that was ended has left
	removedModuleDirs
	removedHeaders // opened ones in the cache
)

// removedCount counts what was removed, by kind, and what its files took of the disk.
type removedCount struct {
	things [7]int
	bytes  int64
}

func (f *removedCount) add(kind, things int, bytes int64) {
	f.things[kind] += things
	f.bytes += bytes
}

func (f *removedCount) addAll(other removedCount) {
	for kind, things := range other.things {
		f.things[kind] += things
	}
	f.bytes += other.bytes
}

// String lists what is not none: "2 packages, 1 record".
func (f removedCount) String() string {
	var words []string
	for kind, things := range f.things {
		if things > 0 {
			words = append(words, Plural(things, removedKinds[kind]))
		}
	}
	return strings.Join(words, ", ")
}
