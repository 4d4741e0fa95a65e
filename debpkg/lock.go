package debpkg

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

const (
	defaultLockTimeout = 2 * time.Minute
	lockPoll           = 200 * time.Millisecond
)

// awaitLock returns when no other process holds dpkg's locks, or with *LockedError.
func (in *Installer) awaitLock(ctx context.Context) error {
	pid, err := in.lockHolder()
	if pid == 0 || err != nil {
		return err
	}
	if in.Waiting != nil {
		in.Waiting(pid)
	}
	timeout := time.NewTimer(cmp.Or(in.LockTimeout, defaultLockTimeout))
	defer timeout.Stop()
	poll := time.NewTicker(lockPoll)
	defer poll.Stop()
	for pid != 0 && err == nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timeout.C:
			return &LockedError{PID: pid}
		case <-poll.C:
			pid, err = in.lockHolder()
		}
	}
	return err
}

// lockHolder is Locked; who may not look at the locks is left to dpkg's own judgement.
func (in *Installer) lockHolder() (pid int, err error) {
	pid, err = Locked(in.Root)
	if errors.Is(err, fs.ErrPermission) {
		return 0, nil
	}
	return pid, err
}

// Locked gives the process that holds one of dpkg's locks under root, 0 if none does. The locks are fcntl(2)'s; those
// of the calling process do not count, and a holder in another PID namespace is -1. It takes the right to read them: root's.
func Locked(root string) (pid int, err error) {
	for _, name := range []string{"lock-frontend", "lock"} {
		pid, err := lockHolder(filepath.Join("/", root, "var/lib/dpkg", name))
		if pid != 0 || err != nil {
			return pid, err
		}
	}
	return 0, nil
}

func lockHolder(path string) (int, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look at dpkg's lock: %w", err)
	}
	defer f.Close()
	lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
	if err := unix.FcntlFlock(f.Fd(), unix.F_GETLK, &lock); err != nil {
		return 0, fmt.Errorf("look at dpkg's lock %s: %w", path, err)
	}
	if lock.Type == unix.F_UNLCK {
		return 0, nil
	}
	if lock.Pid <= 0 {
		return -1, nil
	}
	return int(lock.Pid), nil
}
