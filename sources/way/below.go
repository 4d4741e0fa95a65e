package way

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"mago/kbuild/deep"
)

// SharedIn is the first file or directory of a tree that somebody may change who is neither root nor this process's user;
// nil where there is none. Links are not followed: what they lead to is not the tree's.
func SharedIn(root *os.Root, dir string) (shared *Shared, err error) {
	err = fs.WalkDir(root.FS(), ".", deep.Bounded(func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil || e.Type() == fs.ModeSymlink {
			return err
		}
		if by := changer(info); by != "" {
			shared = &Shared{filepath.Join(dir, name), by}
			return fs.SkipAll
		}
		return nil
	}))
	if errors.Is(err, fs.SkipAll) {
		err = nil
	}
	return shared, err
}

// changer is who may change a file beside those, "" for nobody.
func changer(info os.FileInfo) string {
	stat := info.Sys().(*syscall.Stat_t)
	switch {
	case !trusted(stat.Uid):
		return userName(stat.Uid)
	case info.Mode()&0o002 != 0:
		return "everybody"
	case info.Mode()&0o020 != 0 && stat.Gid != 0 && (int(stat.Gid) != os.Getegid() || os.Getegid() != os.Geteuid()):
		return "the group " + groupName(stat.Gid)
	}
	return ""
}
