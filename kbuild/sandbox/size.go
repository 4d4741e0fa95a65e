package sandbox

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"mago/kbuild/deep"
)

// perName is what the least file counts for, in bytes: names cost the disk, too, and who has to look at them all.
const perName = 4096

var errEnough = errors.New("more than the limit")

// sizeOf is what the files below a directory take of the disk, whatever is done to them meanwhile, and those without a
// name that one of some processes has open. It counts no further than over the limit. A file of several names counts
// for each: a build has few of them.
func sizeOf(dir string, limit int64, pids []int) (size int64) {
	var top unix.Stat_t
	if unix.Stat(dir, &top) == nil {
		size = nameless(top.Dev, pids)
	}
	_ = deep.Walk(dir, func(e deep.Entry) error {
		size += max(e.Stat.Blocks*512, perName)
		if size > limit {
			return errEnough
		}
		return nil
	}, nil)
	return size
}

// nameless is what removed files on a file system take that processes have open.
func nameless(dev uint64, pids []int) (size int64) {
	seen := map[uint64]bool{}
	for _, pid := range pids {
		dir := filepath.Join(procDir(pid), "fd")
		open, _ := os.ReadDir(dir)
		for _, fd := range open {
			var stat unix.Stat_t
			if unix.Stat(filepath.Join(dir, fd.Name()), &stat) != nil || stat.Dev != dev || stat.Nlink > 0 || seen[stat.Ino] {
				continue
			}
			seen[stat.Ino] = true
			size += stat.Blocks * 512
		}
	}
	return size
}
