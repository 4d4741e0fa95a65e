package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"

	"golang.org/x/sys/unix"
)

// selfPath is the program that RunSelf runs, its first open file.
const selfPath = "/proc/self/fd/3"

// Self is the command line of this program in a sandbox, as its main sees it.
func Self(args ...string) []string { return append([]string{selfPath}, args...) }

// RunSelf runs this program in the sandbox, with s.Args behind its name, as Run runs others. It sees this system, not the root:
// it may need this one's libraries.
func (r Sandbox) RunSelf(ctx context.Context, s Spec, run func(*exec.Cmd) error) error {
	program, err := sealedSelf()
	if err != nil {
		return fmt.Errorf("copy mago's program for the sandbox: %w", err)
	}
	r.Root = ""
	s.Args, s.Files = Self(s.Args...), append([]*os.File{program}, s.Files...)
	return r.Run(ctx, s, run)
}

// sealedSelf is a copy of this program in memory, which nobody can write to: the sandbox's user may not get to the file that it
// was started from, which may lie in a closed directory or on a file system that runs nothing.
var sealedSelf = sync.OnceValues(func() (*os.File, error) {
	program, err := os.Open(self)
	if err != nil {
		return nil, err
	}
	defer program.Close()
	fd, err := unix.MemfdCreate("mago", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	sealed := os.NewFile(uintptr(fd), "mago")
	_, err = io.Copy(sealed, program)
	if err == nil {
		_, err = unix.FcntlInt(sealed.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_WRITE|unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL)
	}
	if err != nil {
		return nil, errors.Join(err, sealed.Close())
	}
	return sealed, nil
})
