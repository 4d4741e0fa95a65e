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

// sealedSelf is this program as nobody can write to it: the file that it was started from where that is the system's, else a copy in
// memory. The sandbox's user may own the file, or may not run it.
var sealedSelf = sync.OnceValues(func() (*os.File, error) {
	program, err := os.Open(self)
	if err != nil {
		return nil, err
	}
	if path, err := os.Readlink(self); err == nil && isSystems(program, path) {
		return program, nil
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

// isSystems reports whether a program is root's alone, and everybody may run it, in every sandbox. It is started by its descriptor,
// so that it does not matter who may search the directories above.
func isSystems(program *os.File, path string) bool {
	const everybody, others = 0o005, 0o022
	var stat unix.Stat_t
	var disk unix.Statfs_t
	return IsSystem(path) && unix.Fstat(int(program.Fd()), &stat) == nil && unix.Fstatfs(int(program.Fd()), &disk) == nil &&
		stat.Uid == 0 && stat.Mode&everybody == everybody && stat.Mode&others == 0 && disk.Flags&unix.ST_NOEXEC == 0
}
