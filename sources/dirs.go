package sources

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"mago/kbuild/deep"
	"mago/sources/untar"
)

// replace renames temp to final and syncs it, so that a kill or a power cut leaves one of them whole. Only on a file system
// that cannot exchange two names (renameat2(2)) may there be none.
func replace(final, temp string) error {
	if err := untar.SyncAll(temp); err != nil {
		return err
	}
	if unix.Renameat2(unix.AT_FDCWD, temp, unix.AT_FDCWD, final, unix.RENAME_EXCHANGE) == nil {
		return deep.Remove(temp)
	}
	if err := discard(final); err != nil {
		return err
	}
	return os.Rename(temp, final)
}

// discard renames a tree before it removes it, so that a kill in the middle leaves a temporary name and not half a tree.
func discard(dir string) error {
	temp := filepath.Join(filepath.Dir(dir), tempPrefix+"old-"+filepath.Base(dir))
	if err := deep.Remove(temp); err != nil {
		return err
	}
	if err := os.Rename(dir, temp); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	return deep.Remove(temp)
}

// makeTemp makes an empty temporary directory and replaces one that was left behind.
func makeTemp(parent, name string) (string, error) {
	if err := untar.MakeDir(parent); err != nil {
		return "", err
	}
	temp := filepath.Join(parent, tempPrefix+name)
	if err := deep.Remove(temp); err != nil {
		return "", err
	}
	return temp, untar.MakeDir(temp)
}
