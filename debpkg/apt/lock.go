package apt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"mago/debpkg/rooted"
)

const (
	lockPoll  = 200 * time.Millisecond
	lockRetry = time.Second // between two runs of a tool whose locks cannot be looked at
)

// lockFiles are what dpkg and apt lock with fcntl(2), and how messages call that. mago waits for these locks, and never
// removes one.
var lockFiles = map[string]string{
	"var/lib/dpkg/lock-frontend":  "dpkg",
	"var/lib/dpkg/lock":           "dpkg",
	"var/cache/apt/archives/lock": "apt's download directory",
	"var/lib/apt/lists/lock":      "apt's lists",
}

var (
	dpkgLocks    = []string{"var/lib/dpkg/lock-frontend", "var/lib/dpkg/lock"}
	installLocks = []string{"var/lib/dpkg/lock-frontend", "var/lib/dpkg/lock", "var/cache/apt/archives/lock"}
	updateLocks  = []string{"var/lib/apt/lists/lock"}
)

// queue is one wait for apt's and dpkg's locks, however often they are lost again to another process.
type queue struct {
	in    *Installer
	locks []string
	limit <-chan time.Time
	told  *LockedError // who is waited for, nil for nobody

	waited bool
}

// exclusively runs a tool once nobody else holds the locks that it will take, and again where another process was
// quicker; after a wait not if all is done by now. It fails with *LockedError.
func (in *Installer) exclusively(ctx context.Context, locks []string, done func() bool, tool func() error) error {
	if in.DryRun {
		return tool()
	}
	q := &queue{in: in, locks: locks}
	defer q.tell(nil)
	if in.LockTimeout != 0 {
		q.limit = time.After(in.LockTimeout)
	}
	for {
		if err := q.await(ctx); err != nil {
			return err
		}
		if q.waited && done != nil && done() {
			return nil
		}
		err := tool()
		locked := refusal(err)
		if locked == nil {
			return err
		}
		if err := q.pause(ctx, locked, lockRetry); err != nil {
			return err
		}
	}
}

// await returns when no other process holds one of the locks.
func (q *queue) await(ctx context.Context) error {
	for {
		locked, err := q.in.locked(q.locks)
		if err != nil {
			return err
		}
		if locked == nil {
			q.tell(nil)
			return nil
		}
		if err := q.pause(ctx, locked, lockPoll); err != nil {
			return err
		}
	}
}

// pause tells who is waited for, and waits a little.
func (q *queue) pause(ctx context.Context, locked *LockedError, d time.Duration) error {
	if locked.Above {
		return locked
	}
	q.waited = true
	q.tell(locked)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-q.limit:
		return locked
	case <-time.After(d):
		return nil
	}
}

func (q *queue) tell(locked *LockedError) {
	if locked == nil && q.told == nil || locked != nil && q.told != nil && *locked == *q.told {
		return
	}
	q.told = locked
	if q.in.Waiting != nil {
		q.in.Waiting(locked)
	}
}

// CheckCaller gives the *LockedError of a program that holds dpkg's locks and, as one of apt's hooks or maintainer
// scripts, is running this process: that could wait for ever.
func (in *Installer) CheckCaller() error {
	locked, err := in.locked(dpkgLocks)
	if err == nil && locked != nil && locked.Above && !in.DryRun {
		return locked
	}
	return err
}

// locked tells who holds one of the locks, nil if nobody does. Those of this process do not count, and who may not look
// at the files, as only root may, is left to what apt and dpkg say themselves.
func (in *Installer) locked(locks []string) (*LockedError, error) {
	for _, name := range locks {
		pid, err := lockHolder(in.Root, name)
		if errors.Is(err, fs.ErrPermission) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if pid != 0 {
			return lockedBy(lockFiles[name], pid), nil
		}
	}
	return nil, nil
}

// lockHolder is the process that holds a lock, 0 if none does and -1 if it is in another PID namespace.
func lockHolder(root rooted.Root, name string) (int, error) {
	f, err := root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look at the lock: %w", err)
	}
	defer f.Close()
	lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
	if err := unix.FcntlFlock(f.Fd(), unix.F_GETLK, &lock); err != nil {
		return 0, fmt.Errorf("look at the lock %s: %w", f.Name(), err)
	}
	if lock.Type == unix.F_UNLCK {
		return 0, nil
	}
	if lock.Pid <= 0 {
		return -1, nil
	}
	return int(lock.Pid), nil
}

// refusals matches what apt-get and dpkg end with where another process holds their locks.
var refusals = regexp.MustCompile(`(?m)^(?:E: Could not get lock (\S+?)\.? (?:It is held by process (\d+))?` +
	`|dpkg: error: dpkg (?:frontend|database) lock (?:is|was) locked by another process(?: with pid (\d+))?)`)

// refusal is the lock that kept a tool from beginning, nil if it failed otherwise. What maintainer scripts say when
// they meet a lock is none.
func refusal(err error) *LockedError {
	if locked := (*LockedError)(nil); errors.As(err, &locked) {
		return locked
	}
	var tool *ToolError
	if !errors.As(err, &tool) || strings.Contains(tool.Stderr, "E: Sub-process") || tool.Tool == "dpkg" && tool.ExitCode != 2 {
		return nil
	}
	m := refusals.FindStringSubmatch(tool.Stderr)
	if m == nil {
		return nil
	}
	what := "dpkg"
	if named, ok := lockFiles[strings.TrimPrefix(m[1], "/")]; ok {
		what = named
	}
	pid, err := strconv.Atoi(m[2] + m[3])
	if err != nil {
		pid = -1
	}
	return lockedBy(what, pid)
}

// Alone does something while no other process begins to install or remove packages: it holds the lock of dpkg's frontends. It fails
// with *LockedError.
func (in *Installer) Alone(ctx context.Context, do func() error) error {
	return in.exclusively(ctx, dpkgLocks, nil, func() error {
		frontend, err := takeLock(in.Root, dpkgLocks[0])
		if err != nil {
			return err
		}
		defer frontend.Close()
		return do()
	})
}

// takeLock holds a lock of dpkg's until the file is closed, this one or another that is opened of it.
func takeLock(root rooted.Root, name string) (*os.File, error) {
	path, err := root.Path(name)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, err
	}
	lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
	if err = unix.FcntlFlock(f.Fd(), unix.F_SETLK, &lock); err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) { // since it was looked at
		return nil, lockedBy(lockFiles[name], -1)
	}
	return nil, fmt.Errorf("take the lock %s: %w", path, err)
}
