// Package lock gives each thing in a cache to one process at a time, or to several readers. A lock is flock(2)'s, on a file of
// its own: the kernel releases it however the process ends, so no lock is stale and none is ever broken. On NFS the server
// keeps it for all its clients; a file system without locks is an error.
package lock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

const poll = 100 * time.Millisecond

// AtOnce, as a Limit, fails without waiting where another process holds the lock.
const AtOnce time.Duration = -1

// Thing is what a process wants to have alone, or to read.
type Thing struct {
	Name   string // of the lock's file, which is never removed: two could hold the same name then
	What   string // what messages call it: "hello for 6.1.0-9-amd64"
	Doing  string // what is done to it meanwhile: "built"
	Shared bool   // whether it is only read, and others may read it at the same time
}

// Locks are the locks of one cache.
type Locks struct {
	Dir   string
	Limit time.Duration // how long to wait for each thing; 0 is without end
	Me    Holder        // who this is, for others to read; its PID, Space, Host and Since are filled in
	Own   *Process      // what this process has itself; nil where it does one thing at a time

	// Waiting, if not nil, is called with the process that is waited for, again when that changes, and with nil when the wait
	// is over.
	Waiting func(*BusyError)

	// Enough, if not nil, is asked during a wait whether another process has done what the lock is wanted for. Take then fails
	// with ErrEnough.
	Enough func() bool
}

// ErrEnough says that the lock is not needed any more.
var ErrEnough = errors.New("another process has done it")

// Take takes all locks or none, in the order of their names, so that two processes that want the same ones never wait for each
// other. It fails with *BusyError, or with the context's error.
func (l Locks) Take(ctx context.Context, things ...Thing) (release func(), err error) {
	things = slices.SortedFunc(slices.Values(things), func(a, b Thing) int {
		if !a.Shared && b.Shared && a.Name == b.Name {
			return -1 // of one thing wanted twice, the first stays
		}
		return strings.Compare(a.Name, b.Name)
	})
	var held []func()
	release = func() {
		for _, give := range slices.Backward(held) {
			give()
		}
	}
	for _, t := range slices.CompactFunc(things, func(a, b Thing) bool { return a.Name == b.Name }) {
		give, err := l.take(ctx, t)
		if err != nil {
			release()
			return nil, err
		}
		held = append(held, give)
	}
	return release, nil
}

func (l Locks) take(ctx context.Context, t Thing) (release func(), err error) {
	if err := ctx.Err(); err != nil { // who was interrupted begins nothing, even where nobody has to be waited for
		return nil, err
	}
	if err := os.MkdirAll(l.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("lock %s: %w", t.What, err)
	}
	path := filepath.Join(l.Dir, t.Name+".lock")
	leave, err := l.Own.enter(ctx, path, t)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			leave()
		}
	}()
	file := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW))
	try := file.TryLock
	if t.Shared {
		try = file.TryRLock
	}
	if err := l.wait(ctx, t, try, file.Path()); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	mine := l.Me.note(t.Doing)
	if err := mine.write(file.Path()); err != nil && !diskFull(err) { // only others' messages need the note, and clean needs the lock
		return nil, errors.Join(fmt.Errorf("lock %s: %w", t.What, err), file.Close())
	}
	return func() {
		mine.erase(file.Path())
		_ = file.Close() // the kernel has released it all the same
		leave()
	}, nil
}

// wait tries until it has the lock or the limit is over.
func (l Locks) wait(ctx context.Context, t Thing, try func() (bool, error), path string) error {
	ok, err := try()
	if ok || err != nil {
		return wrap(t, err)
	}
	busy := &BusyError{t.What, readHolder(path)}
	if l.Limit < 0 {
		return busy
	}
	l.tell(busy)
	defer l.tell(nil)
	var limit <-chan time.Time
	if l.Limit > 0 {
		limit = time.After(l.Limit)
	}
	ticks := time.NewTicker(poll)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", t.What, ctx.Err())
		case <-limit:
			return busy
		case <-ticks.C:
		}
		if ok, err := try(); ok || err != nil {
			return wrap(t, err)
		}
		if l.Enough != nil && l.Enough() {
			return ErrEnough
		}
		if now := readHolder(path); now != nil && (busy.Holder == nil || *now != *busy.Holder) {
			busy = &BusyError{t.What, now}
			l.tell(busy)
		}
	}
}

func diskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

func wrap(t Thing, err error) error {
	if err != nil {
		err = fmt.Errorf("lock %s: %w", t.What, err)
	}
	return err
}

func (l Locks) tell(busy *BusyError) {
	if l.Waiting != nil {
		l.Waiting(busy)
	}
}
