package deep

import (
	"errors"
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Remove removes a directory with everything below it, whatever the modes of the caller's own directories. A missing directory
// is not an error. The error is the first of something that stays; the rest is removed all the same.
func Remove(dir string) error {
	dir = filepath.Clean(dir)
	fd, err := unix.Open(filepath.Dir(dir), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &fs.PathError{Op: "open", Path: filepath.Dir(dir), Err: err}
	}
	defer unix.Close(fd)
	return RemoveAt(fd, filepath.Base(dir))
}

// RemoveAt is Remove for a name in an open directory.
func RemoveAt(in int, name string) error {
	top := Entry{In: in, Name: name}
	if err := unix.Fstatat(in, name, &top.Stat, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return kept(top.failed("stat", err))
	}
	if !top.IsDir() {
		return kept(top.remove(0))
	}
	dir, _, err := open(in, name)
	if err != nil {
		return kept(top.failed("open", err))
	}
	var first error
	keep := func(err error) {
		if first == nil {
			first = kept(err)
		}
	}
	keep(from(dir,
		func(e Entry) error {
			if !e.IsDir() {
				keep(e.remove(0))
			}
			return nil
		},
		func(e Entry) error { keep(e.remove(unix.AT_REMOVEDIR)); return nil }))
	if first == nil {
		keep(top.remove(unix.AT_REMOVEDIR))
	}
	return first
}

// kept drops the error of a file that is gone already.
func kept(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// remove gets the rights to change the directory of the name, where its owner lacks them.
func (e Entry) remove(flags int) error {
	err := unix.Unlinkat(e.In, e.Name, flags)
	if errors.Is(err, unix.EACCES) && unix.Fchmod(e.In, unix.S_IRWXU) == nil {
		err = unix.Unlinkat(e.In, e.Name, flags)
	}
	if err != nil {
		return e.failed("remove", err)
	}
	return nil
}

func (e Entry) failed(op string, err error) error {
	return &fs.PathError{Op: op, Path: e.Name, Err: err}
}
