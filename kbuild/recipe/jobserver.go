package recipe

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

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

// jobserver is the build's, as the makes of the root take it: make has known a jobserver by path since 4.4, and lets a
// program have it so which its recipe does not call $(MAKE).
func (w *Workspace) jobserver(ctx context.Context) (s jobserver, err error) {
	if s.client = w.Jobs; s.client == nil {
		if w.alone == nil {
			if w.alone, err = jobs.NewPool(w.Job.Jobs).Enter(ctx); err != nil {
				return s, err
			}
		}
		s.client = w.alone
	}
	s.auth = fmt.Sprintf("%d,%d", firstJobFile, firstJobFile+1)
	if takesPaths(w.Root) {
		s.auth = "fifo:/proc/self/fd/" + strconv.Itoa(firstJobFile)
	}
	if w.Sandbox.Drop { // who opens the path has to be its owner
		err = unix.Fchown(int(s.client.Files()[0].Fd()), int(w.Sandbox.UID), int(w.Sandbox.GID))
	}
	return s, err
}

// makeflags is the value of MAKEFLAGS that makes find the jobserver by. It is the same however many tokens there are: some sources write it
// into their modules.
func (s jobserver) makeflags() string { return "-j2 --jobserver-auth=" + s.auth }

// joined has a program inherit the jobserver.
func (s jobserver) joined(spec sandbox.Spec) sandbox.Spec {
	if s.client != nil {
		spec.Files, spec.First, spec.Env = s.client.Files(), firstJobFile, s.env
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
