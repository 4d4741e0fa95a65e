package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// trial is a directory to try sandboxes out in, made as a build's is. It is locked as long as its process lives, so that
// another one may remove what a kill has left.
type trial struct {
	top  string
	dir  string // below top: what the sandbox's user has
	lock *os.File
}

// trialPrefix is how the names of trials begin; no module's work directory is called so, which has a kernel's release in its name.
const trialPrefix = "_probe"

// Scratch makes a directory below a work directory until remove is called, and removes those whose processes are gone.
func Scratch(work string) (dir string, remove func(), err error) {
	t, err := scratch(work)
	return t.top, t.remove, err
}

func scratch(work string) (t trial, err error) {
	if err := removeTrials(work); err != nil {
		return trial{}, err
	}
	for range 10 { // another process may take a fresh one for left over
		dir, err := os.MkdirTemp(work, trialPrefix)
		if err != nil {
			return trial{}, err
		}
		if t, err = openTrial(dir); err == nil {
			break
		}
	}
	return t, err
}

// newTrial makes one for the user of a sandbox.
func newTrial(work string, r Sandbox) (t trial, err error) {
	if t, err = scratch(work); err != nil {
		return trial{}, err
	}
	t.dir, err = r.MakeWork(t.top, "tree")
	if err == nil {
		err = errors.Join(t.furnish(), r.Own(t.dir))
	}
	if err != nil {
		t.remove()
		return trial{}, fmt.Errorf("make what the sandbox is tried with: %w", err)
	}
	return t, nil
}

func removeTrials(work string) error {
	entries, err := os.ReadDir(work)
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), trialPrefix) {
			continue
		}
		if t, err := openTrial(filepath.Join(work, e.Name())); err == nil {
			t.remove()
		}
	}
	return err
}

// openTrial fails where another process has the directory.
func openTrial(dir string) (trial, error) {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return trial{}, &fs.PathError{Op: "open", Path: dir, Err: err}
	}
	t := trial{top: dir, lock: os.NewFile(uintptr(fd), dir)}
	if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return trial{}, errors.Join(&fs.PathError{Op: "lock", Path: dir, Err: err}, t.lock.Close())
	}
	return t, nil
}

// furnish puts in what the probe runs and reads.
func (t trial) furnish() error {
	at := func(name string) string { return filepath.Join(t.dir, name) }
	word := []byte("word\n")
	return errors.Join(
		os.WriteFile(at(probeName), probeScript, 0o700), os.WriteFile(at("given"), word, 0o600),
		os.Mkdir(at("mounted"), 0o700), os.WriteFile(at("mounted/given"), word, 0o600))
}

func (t trial) remove() {
	_ = os.RemoveAll(t.top)
	_ = t.lock.Close()
}
