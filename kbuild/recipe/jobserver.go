package recipe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"mago/debpkg/rooted"
	"mago/kbuild/jobs"
	"mago/kbuild/sandbox"
)

// jobserver is what a step's makes share processors by.
type jobserver struct {
	client *jobs.Client
	auth   string   // make's --jobserver-auth
	env    []string // what the step's environment has of it
}

// firstJobFile is the descriptor that makes read tokens from; they write them to the next one. Scripts open files by the lowest
// numbers.
const firstJobFile = 50

// jobFile is the jobserver's place in a workspace, for makes that know it by its path.
const jobFile = "_jobs"

// jobserver is the build's, in the way that the root's make knows one: since 4.4 by its path, which lets programs have it, too,
// that a recipe does not call as $(MAKE); before by descriptors.
func (w *Workspace) jobserver(ctx context.Context) (s jobserver, err error) {
	if s.client = w.Jobs; s.client == nil {
		if w.alone == nil {
			if w.alone, err = jobs.NewPool(w.Job.Told()).Enter(ctx); err != nil {
				return s, err
			}
		}
		s.client = w.alone
	}
	if !takesPaths(w.Root) {
		s.auth = fmt.Sprintf("%d,%d", firstJobFile, firstJobFile+1)
		s.client.Restart()
		return s, nil
	}
	s.auth = "fifo:" + w.Inside(jobFile)
	fifo, err := w.placeFIFO()
	if err != nil {
		return s, fmt.Errorf("make a jobserver: %w", err)
	}
	return s, s.client.MoveTo(fifo)
}

// placeFIFO makes the jobserver's file, in the place of whatever an earlier step has left there.
func (w *Workspace) placeFIFO() (fifo int, err error) {
	if err := w.remove(jobFile); err != nil {
		return -1, err
	}
	dir, err := w.files.Open(".")
	if err != nil {
		return -1, err
	}
	defer dir.Close()
	if err := unix.Mkfifoat(int(dir.Fd()), jobFile, 0o600); err != nil {
		return -1, err
	}
	fifo, err = unix.Openat(int(dir.Fd()), jobFile, unix.O_RDWR|unix.O_NONBLOCK|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil || !w.Sandbox.Drop {
		return fifo, err
	}
	if err := unix.Fchown(fifo, int(w.Sandbox.UID), int(w.Sandbox.GID)); err != nil {
		return -1, errors.Join(err, unix.Close(fifo))
	}
	return fifo, nil
}

// makeflags is the value of MAKEFLAGS that makes find the jobserver by. It is the same however many tokens there are: some sources
// write it into their modules.
func (s jobserver) makeflags() string { return "-j2 --jobserver-auth=" + s.auth }

// joined has a program inherit the step's jobserver, and be held to the build's share of the processors.
func (s *steps) joined(spec sandbox.Spec) sandbox.Spec {
	if s.server.client != nil {
		spec.Files, spec.First, spec.Env = s.server.client.Files(), firstJobFile, s.server.env
	}
	if s.Jobs != nil {
		spec.Shares = s.Jobs.Shares()
	}
	return spec
}

// takesPaths reports whether the root's make knows a jobserver by its path.
func takesPaths(root string) bool {
	for _, dir := range sandbox.ProgramDirs {
		if program, err := rooted.Root(root).Path(filepath.Join(dir, "make")); err == nil {
			if text, err := os.ReadFile(program); err == nil {
				return bytes.Contains(text, []byte("jobserver-style"))
			}
		}
	}
	return false
}
