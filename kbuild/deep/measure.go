package deep

import (
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"
)

// Size is what the regular files below path, or path itself, take of the disk, as du(1) counts them: of a small file a whole
// block. It is 0 where there is nothing.
func Size(path string) (bytes int64) {
	top := Entry{Name: path}
	if unix.Lstat(path, &top.Stat) != nil {
		return 0
	}
	add := func(e Entry) error {
		if e.Stat.Mode&unix.S_IFMT == unix.S_IFREG {
			bytes += e.Stat.Blocks * 512
		}
		return nil
	}
	if !top.IsDir() {
		_ = add(top)
	} else {
		_ = Walk(path, add, nil) // what has gone meanwhile takes nothing
	}
	return bytes
}

// MaxLevels is how many levels of directories a source may have; no archive's has more than 64.
const MaxLevels = 256

// LevelsError says that a source has more levels of directories than MaxLevels.
type LevelsError struct{}

func (e *LevelsError) Error() string {
	return fmt.Sprintf("more than %d levels of directories", MaxLevels)
}

// Bounded ends fs.WalkDir in a *LevelsError below MaxLevels.
func Bounded(visit fs.WalkDirFunc) fs.WalkDirFunc {
	return func(path string, entry fs.DirEntry, err error) error {
		if strings.Count(path, "/") >= MaxLevels {
			return &LevelsError{}
		}
		return visit(path, entry, err)
	}
}
