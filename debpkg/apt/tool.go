package apt

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// tool runs dpkg or apt-get as the user sees it.
func (in *Installer) tool(ctx context.Context, name string, args ...string) error {
	complaints := in.Stderr
	if in.Warned != nil {
		w := &warnings{tell: in.Warned}
		complaints = io.MultiWriter(cmp.Or(in.Stderr, io.Discard), w)
	}
	if name != "apt-get" || in.Unchecked == nil && in.Progress == nil {
		return in.run(ctx, in.Stdout, complaints, name, args...)
	}
	talk := aptTalk{progress: in.Progress}
	var out io.Writer = &talk
	if in.Stdout != nil {
		out = io.MultiWriter(in.Stdout, out)
	}
	err := in.run(ctx, out, complaints, name, args...)
	if in.Unchecked != nil && len(talk.unchecked)+len(talk.kept) > 0 {
		in.Unchecked(talk.unchecked, talk.kept)
	}
	return err
}

// run ends in a *ToolError if the tool fails. The tool writes to files, never to a pipe of ours, whose end it would die of
// where this process is killed: dpkg half way. A context that ends interrupts apt-get, which finishes what dpkg has begun;
// dpkg, once begun, is left to finish, because stopping it leaves packages half installed. Neither is ever killed.
func (in *Installer) run(ctx context.Context, stdout, stderr io.Writer, name string, args ...string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Cancel = func() error { return in.letFinish(cmd, name) }
	cmd.WaitDelay = time.Minute // for output that somebody holds open after the end
	in.setEnvironment(cmd)
	complaints, err := memoryFile(name)
	if err != nil {
		return err
	}
	defer complaints.Close()
	cmd.Stderr = complaints
	if stdout != nil {
		printed, err := memoryFile(name)
		if err != nil {
			return err
		}
		cmd.Stdout = printed
		defer follow(printed, stdout)()
	}
	err = in.runner()(cmd)
	said := io.NewSectionReader(complaints, 0, math.MaxInt64)
	if stderr != nil {
		_, _ = io.Copy(stderr, said) // for the user to read, no more
	}
	if err != nil {
		return toolError(name, args, lastOf(complaints), err)
	}
	return nil
}

// query gives what a tool prints that changes nothing: a context that ends kills it. It ends in a *ToolError if the tool fails.
func (in *Installer) query(ctx context.Context, name string, args ...string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second // for output that somebody holds open after the end
	in.setEnvironment(cmd)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	run := in.Query
	if run == nil {
		run = in.runner()
	}
	if err := run(cmd); err != nil {
		return out.String(), toolError(name, args, lastOf(bytes.NewReader(complaints.Bytes())), err)
	}
	return out.String(), nil
}

func (in *Installer) runner() func(*exec.Cmd) error {
	if in.Run == nil {
		return (*exec.Cmd).Run
	}
	return in.Run
}

func (in *Installer) setEnvironment(cmd *exec.Cmd) {
	if in.NonInteractive {
		cmd.Env = append(cmd.Environ(), "DEBIAN_FRONTEND=noninteractive")
	}
}

// letFinish returns when a program has ended that was asked to, or that is too far for that.
func (in *Installer) letFinish(cmd *exec.Cmd, name string) error {
	if in.Finishing != nil {
		in.Finishing(name)
	}
	if name != "dpkg" {
		_ = cmd.Process.Signal(os.Interrupt) // not ours to send to a program that sudo runs
	}
	for errors.Is(unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil), unix.EINTR) {
	}
	return os.ErrProcessDone
}

// memoryFile makes a file that is on no disk.
func memoryFile(name string) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

// follow passes on what a program writes to a file, as it does so, until stop is called; then the file is closed.
func follow(file *os.File, to io.Writer) (stop func()) {
	written := io.NewSectionReader(file, 0, math.MaxInt64)
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for more := true; more; {
			select {
			case <-ended:
				more = false
			case <-time.After(100 * time.Millisecond):
			}
			_, _ = io.Copy(to, written) // for the user to read, no more
		}
	}()
	return func() {
		close(ended)
		<-done
		_ = file.Close()
	}
}

// lastOf is the end of a file, some lines at most.
func lastOf(file io.ReadSeeker) string {
	const most = 2 << 10
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return ""
	}
	_, _ = file.Seek(max(size-most, 0), io.SeekStart)
	text, _ := io.ReadAll(io.LimitReader(file, most))
	return strings.ToValidUTF8(string(text), "")
}

func toolError(name string, args []string, stderr string, err error) error {
	e := &ToolError{Tool: name, Args: args, ExitCode: -1, Stderr: strings.TrimSpace(stderr), Err: err}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		e.ExitCode = exit.ExitCode()
	}
	return e
}
