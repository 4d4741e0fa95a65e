package way

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"mago/kbuild/deep"
)

// SharedIn returns the first file or directory of a tree that may be changed by somebody other than root and this process's
// user; nil for none. It follows no links, because their targets are not the tree's.
func SharedIn(root *os.Root, dir string) (shared *Shared, err error) {
	err = fs.WalkDir(root.FS(), ".", deep.Bounded(func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil || e.Type() == fs.ModeSymlink {
			return err
		}
		if by, owned := changer(info); by != "" {
			shared = &Shared{filepath.Join(dir, name), by, owned}
			return fs.SkipAll
		}
		return nil
	}))
	if errors.Is(err, fs.SkipAll) {
		err = nil
	}
	return shared, err
}

// changer is who else may change a file, "" for nobody, and whether it is the owner.
func changer(info os.FileInfo) (by string, owned bool) {
	stat := info.Sys().(*syscall.Stat_t)
	switch {
	case !trusted(stat.Uid):
		return userName(stat.Uid), true
	case info.Mode()&0o002 != 0:
		return "everybody", false
	case info.Mode()&0o020 != 0 && stat.Gid != 0 && (int(stat.Gid) != os.Getegid() || os.Getegid() != os.Geteuid()):
		return "the group " + groupName(stat.Gid), false
	}
	return "", false
}
