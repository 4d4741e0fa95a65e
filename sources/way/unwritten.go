package way

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// WrittenError says that a process has a file open for writing, and can change it though its name is closed to it.
type WrittenError struct{ Path string }

func (e *WrittenError) Error() string { return e.Path + " is open for writing in another process" }

// CheckUnwritten fails with *WrittenError where a process has the file at the way's end open for writing. If nobody else may
// change the way either, the file stays as it is from then on. A file system without leases (fcntl(2), F_SETLEASE) does not tell.
func (w *Way) CheckUnwritten() error {
	file, err := OpenFile(w.Path, w.Info)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = unix.FcntlInt(file.Fd(), unix.F_SETLEASE, unix.F_RDLCK)
	switch {
	case errors.Is(err, unix.EAGAIN):
		return &WrittenError{w.Path}
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.EACCES), errors.Is(err, unix.ENOLCK):
		return nil
	}
	return os.NewSyscallError("fcntl", err)
}
