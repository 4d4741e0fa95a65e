package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// alone runs this program again as the first process of namespaces of its own: whatever mago leaves behind becomes its
// child, and all processes and mounts end with it. Given last, the seed is the one that is used.
func alone(seed uint64) int {
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		return 1
	}
	cmd := exec.Command(self, append(os.Args[1:], "-seed", strconv.FormatUint(seed, 10))...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWPID, Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGTERM,
	}
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		fmt.Fprintln(os.Stderr, "soak:", err)
	}
	return max(cmd.ProcessState.ExitCode(), 0)
}

// ownProc shows the processes of this namespace only.
func ownProc() error {
	return os.NewSyscallError("mount /proc", syscall.Mount("proc", "/proc", "proc", 0, ""))
}
