package soak

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// alone runs this program again as the first process of namespaces of its own: whatever mago leaves behind becomes its
// child, and all processes and mounts end with it.
func alone(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, append([]string{"soak"}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWPID, Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGTERM,
	}
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		return errors.New("failed; see above")
	} else if err != nil {
		return err
	}
	return nil
}

// ownProc shows the processes of this namespace only.
func ownProc() error {
	return os.NewSyscallError("mount /proc", syscall.Mount("proc", "/proc", "proc", 0, ""))
}
