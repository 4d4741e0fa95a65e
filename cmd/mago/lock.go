package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

// busyError says that another mago works on the same thing.
type busyError struct{ what, holder string }

func (e *busyError) Error() string {
	return fmt.Sprintf("%s is being worked on by another mago (%s)", e.what, e.holder)
}

// lock takes the lock of one thing at once, or says who has it. It ends with the process, however that ends.
func (p paths) lock(name, what string) (release func(), err error) {
	path, l, err := p.newLock(name)
	if err != nil {
		return nil, err
	}
	ok, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", what, err)
	}
	if !ok {
		return nil, &busyError{what: what, holder: holder(path)}
	}
	return l.hold()
}

// waitLock takes a lock whose holders are quick.
func (p paths) waitLock(ctx context.Context, name string) (release func(), err error) {
	_, l, err := p.newLock(name)
	if err != nil {
		return nil, err
	}
	if _, err := l.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	return l.hold()
}

type fileLock struct{ *flock.Flock }

func (p paths) newLock(name string) (string, fileLock, error) {
	dir := filepath.Join(p.cache, "locks")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fileLock{}, err
	}
	path := filepath.Join(dir, name+".lock")
	return path, fileLock{flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW))}, nil
}

// hold writes down who has the lock. The file stays: removing a locked file would let two hold the same name.
func (l fileLock) hold() (func(), error) {
	note := fmt.Sprintf("process %d, since %s\n", os.Getpid(), time.Now().Format("15:04:05"))
	file, err := os.OpenFile(l.Path(), os.O_WRONLY|os.O_TRUNC|syscall.O_NOFOLLOW, 0)
	if err == nil {
		_, err = file.WriteString(note)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		return nil, errors.Join(err, l.Unlock())
	}
	return func() { _ = l.Unlock() }, nil
}

func holder(path string) string {
	note, err := os.ReadFile(path)
	if err != nil || len(note) == 0 {
		return "just started"
	}
	return strings.TrimSpace(string(note))
}
