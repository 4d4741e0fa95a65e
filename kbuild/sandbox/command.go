package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Spec is one program to run in a sandbox.
type Spec struct {
	Args   []string // program and arguments; the program is looked up inside the sandbox
	Dir    string   // working directory below Work, "" for Work itself
	Env    []string // the whole environment but for PATH, HOME and the like, which the sandbox sets
	Work   string   // host path of the one writable directory; "" for none
	Mounts []Mount
	Files  []*os.File // open files that it gets as descriptors
	First  int        // the first of these, the others follow; 0: 3
	Shares *os.File   // see jobs.Client; nil: the program may use all processors
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
}

// Run runs a program in the sandbox, by run (nil: (*exec.Cmd).Run), until it and all that it has started has ended, or ctx
// has. In a session of its own it has no terminal to read from or to put words into. Without Stdin it reads /dev/null.
// Where it takes more than the sandbox's limits it is ended, and the error is a *LimitError. Where it fills the disk it is
// ended, too, and that is syscall.ENOSPC; as it is where the program fails and nothing is free any more. Where it uses up
// the machine's memory that is syscall.ENOMEM. Where it could not be started the error is a *BrokenError.
func (r Sandbox) Run(ctx context.Context, s Spec, run func(*exec.Cmd) error) error {
	_, err := r.run(ctx, s, run)
	return err
}

// run tells also what the kernel held the program to.
func (r Sandbox) run(ctx context.Context, s Spec, run func(*exec.Cmd) error) (held Held, err error) {
	cmd, verdict, err := r.command(ctx, s)
	if err != nil {
		return held, err
	}
	defer verdict.Close()
	if run == nil {
		run = (*exec.Cmd).Run
	}
	err = run(cmd)
	if ctx.Err() != nil {
		return held, err
	}
	held, why := r.judge(verdict)
	var broken *BrokenError
	if errors.As(why, &broken) {
		broken.Doing = "start " + s.Args[0]
	}
	if why != nil {
		return held, why
	}
	return held, err
}

// patience is how long a warden gets to end everything; it takes milliseconds.
const patience = 20 * time.Second

// command prepares the warden of a program. What it has to say is in the file, once it has ended.
func (r Sandbox) command(ctx context.Context, s Spec) (*exec.Cmd, *os.File, error) {
	sealDescriptors()
	o, err := r.order(s)
	if err != nil {
		return nil, nil, err
	}
	args, err := o.command(wardenName)
	if err != nil {
		return nil, nil, err
	}
	fd, err := unix.MemfdCreate("verdict", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, nil, fmt.Errorf("memfd_create: %w", err)
	}
	verdict := os.NewFile(uintptr(fd), "verdict")
	cmd := exec.CommandContext(ctx, self)
	cmd.Args, cmd.Dir, cmd.ExtraFiles = args, "/", slices.Concat([]*os.File{verdict}, s.shares(), s.Files)
	cmd.Env = append(r.environment(s), s.Env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.Stdin, s.Stdout, s.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = patience
	return cmd, verdict, nil
}

// shares is none or one.
func (s Spec) shares() []*os.File {
	if s.Shares == nil {
		return nil
	}
	return []*os.File{s.Shares}
}

// sealDescriptors keeps what mago itself inherited open from reaching the programs; what Go opens never does.
func sealDescriptors() {
	const first = 3 // after stdin, stdout and stderr
	if unix.CloseRange(first, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) == nil {
		return
	}
	open, _ := os.ReadDir("/proc/self/fd") // before Linux 5.11
	for _, entry := range open {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd >= first {
			syscall.CloseOnExec(fd)
		}
	}
}
