package deep

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"
)

// Remove removes a directory with all that is below it, whatever modes the caller's own directories have. One that is not
// there is no error. The error is the first of something that stays; the rest is removed all the same.
func Remove(dir string) error {
	var first error
	keep := func(err error) {
		if first == nil && !errors.Is(err, fs.ErrNotExist) {
			first = err
		}
	}
	err := Walk(dir,
		func(e Entry) error {
			if !e.IsDir() {
				keep(e.remove(0))
			}
			return nil
		},
		func(e Entry) error { keep(e.remove(unix.AT_REMOVEDIR)); return nil })
	if errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		err = unix.Unlink(dir)
	} else if err == nil && first == nil {
		err = unix.Rmdir(dir)
	}
	if keep(err); first != nil && !errors.As(first, new(*fs.PathError)) {
		first = &fs.PathError{Op: "remove", Path: dir, Err: first}
	}
	return first
}

// remove takes the rights to change the directory that has the name, where its owner lacks them.
func (e Entry) remove(flags int) error {
	err := unix.Unlinkat(e.In, e.Name, flags)
	if errors.Is(err, unix.EACCES) && unix.Fchmod(e.In, unix.S_IRWXU) == nil {
		err = unix.Unlinkat(e.In, e.Name, flags)
	}
	if err != nil {
		return &fs.PathError{Op: "remove", Path: e.Name, Err: err}
	}
	return nil
}
