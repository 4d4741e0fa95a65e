package deep

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// loan says whether a directory's owner was given rights to it, and its state before.
type loan struct {
	rights bool
	before unix.Stat_t
}

// open opens a directory, also one of the caller's own whose mode forbids it.
func open(in int, name string) (dir *os.File, l loan, err error) {
	fd, err := unix.Openat(in, name, openFlags, 0)
	if err == nil {
		err = unix.Fstat(fd, &l.before)
	}
	if errors.Is(err, unix.EACCES) || err == nil && name != ".." && !l.searchable() {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
		fd, err = l.openClosed(in, name)
	}
	if err != nil {
		return nil, l, err
	}
	return os.NewFile(uintptr(fd), name), l, nil
}

// searchable reports whether the caller may look into its own directory.
func (l loan) searchable() bool {
	uid := os.Geteuid()
	return uid == 0 || int(l.before.Uid) != uid || l.before.Mode&unix.S_IXUSR != 0
}

// openClosed gives a directory's owner the rights to it, by a descriptor, because the name may mean another file a moment
// later.
func (l *loan) openClosed(in int, name string) (fd int, err error) {
	path, err := unix.Openat(in, name, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	defer unix.Close(path)
	if err := unix.Fstat(path, &l.before); err != nil {
		return -1, err
	}
	proc := "/proc/self/fd/" + strconv.Itoa(path)
	if err := unix.Chmod(proc, l.before.Mode&0o7777|unix.S_IRWXU); err != nil {
		return -1, err
	}
	l.rights = true
	return unix.Open(proc, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
}
