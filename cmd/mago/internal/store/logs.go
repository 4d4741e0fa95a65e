package store

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// A build holds a lock of fcntl(2) on the log that it writes: of the open file, so that it ends with the build however that ends.
// Whoever reads the log asks for it and never takes it, so that no reader is in a build's way.

// lockLog tells readers that a build goes on. Where the file system keeps no locks, they take it for one that was killed.
func lockLog(log *os.File) {
	_ = unix.FcntlFlock(log.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart})
}

// IsWritten reports whether a build is still writing a log.
func IsWritten(log *os.File) bool {
	lock := unix.Flock_t{Type: unix.F_RDLCK, Whence: io.SeekStart}
	err := unix.FcntlFlock(log.Fd(), unix.F_OFD_GETLK, &lock)
	return err == nil && lock.Type != unix.F_UNLCK
}

// OpenUnfinished opens the log of a unit's build that is going on; fs.ErrNotExist where none is.
func OpenUnfinished(s *Store, id ID) (*os.File, error) {
	path := filepath.Join(s.Dir(id), unfinishedLog)
	log, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	if !IsWritten(log) {
		return nil, errors.Join(&fs.PathError{Op: "read", Path: path, Err: fs.ErrNotExist}, log.Close())
	}
	return log, nil
}

// Last gives the record of what a unit's builds have come to last: of the failure where there is one, which a good build ends.
func Last(s *Store, id ID) (Record, bool) {
	if r, ok := s.Failure(id); ok {
		return r, true
	}
	return s.Get(id)
}
