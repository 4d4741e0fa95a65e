package kbuild

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// copyTree copies the directories, regular files and symbolic links of a source to a directory below a work directory.
// Dates are kept, because make goes by them; of the permissions only the executable bit is. Finished modules stay
// behind: those that lie in a source are somebody's earlier build. Neither side is left through a symbolic link.
func copyTree(from string, work *os.Root, to string) error {
	source, err := os.OpenRoot(from)
	if err != nil {
		return err
	}
	defer source.Close()
	if err := work.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return fs.WalkDir(source.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return copyEntry(source, work, path, filepath.Join(to, path), entry.Type())
	})
}

func copyEntry(source, work *os.Root, from, to string, kind fs.FileMode) error {
	switch kind {
	case fs.ModeDir:
		return work.Mkdir(to, 0o755)
	case fs.ModeSymlink:
		target, err := source.Readlink(from)
		if err != nil {
			return err
		}
		return work.Symlink(target, to)
	case 0:
		if filepath.Ext(from) == ".ko" {
			return nil
		}
		return copyFile(source, work, from, to)
	}
	return fmt.Errorf("%s is neither file, directory nor symbolic link", from)
}

func copyFile(source, work *os.Root, from, to string) error {
	in, err := source.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := work.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644|info.Mode().Perm()&0o111)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	return work.Chtimes(to, info.ModTime(), info.ModTime())
}
