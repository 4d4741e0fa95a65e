package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// foreignFileError says that something in a user's cache belongs to somebody else, as root's runs there once left it, so that
// the user can neither change nor remove it.
type foreignFileError struct {
	err         error
	cache, path string
	owner, user string
}

func (e *foreignFileError) Error() string {
	return fmt.Sprintf("%v: %s belongs to %s", e.err, e.path, e.owner)
}

func (e *foreignFileError) Unwrap() error { return e.err }

func (e *foreignFileError) hint() string {
	return fmt.Sprintf(`run "sudo chown -R %s: %s", then the same command again`, pasted(e.user), pasted(e.cache))
}

// whoseFiles adds to an error for want of rights what in the user's cache is somebody else's.
func (a *app) whoseFiles(err error) error {
	if a.host.asRoot || !errors.Is(err, fs.ErrPermission) || errors.As(err, new(*foreignFileError)) {
		return err
	}
	if path, owner := foreignIn(a.cache, uint32(os.Geteuid())); path != "" {
		err = &foreignFileError{err, a.cache, path, userCalled(owner), userCalled(uint32(os.Geteuid()))}
	}
	return err
}

// foreignIn finds a file below a directory, or that itself, of another owner than the one that it should have; "" where there
// is none in sight.
func foreignIn(dir string, owner uint32) (path string, other uint32) {
	_ = filepath.WalkDir(dir, func(at string, entry fs.DirEntry, _ error) error {
		if entry == nil {
			return nil // nothing is there
		}
		info, err := entry.Info()
		if err != nil {
			return nil // gone meanwhile
		}
		if stat := info.Sys().(*syscall.Stat_t); stat.Uid != owner {
			path, other = at, stat.Uid
			return fs.SkipAll
		}
		return nil
	})
	return path, other
}

// userCalled is a user's name, or the number where it has none.
func userCalled(uid uint32) string {
	number := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(number); err == nil {
		return u.Username
	}
	return number
}
