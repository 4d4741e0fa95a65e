package sweep

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// ran is how a program of a builder has ended.
type ran struct {
	code    int // -1 where the time was up
	output  string
	seconds float64
}

// outputLimit is how much of the end of a program's output is looked at.
const outputLimit = 1 << 20

// runLimited runs a program in a process group of its own, which ends as a whole when the context does or the limit is over,
// and appends what it prints to the log. A program that ends with a code is no error.
func runLimited(ctx context.Context, limit time.Duration, log *os.File, cmd func(context.Context) *exec.Cmd) (ran, error) {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c := cmd(limited)
	from, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return ran{}, err
	}
	c.Stdout, c.Stderr = log, log
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGTERM) }
	c.WaitDelay = 30 * time.Second
	begun := time.Now()
	err = c.Run()
	if c.Process != nil && limited.Err() != nil {
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) // what did not heed the first signal
	}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return ran{}, ctx.Err()
	case limited.Err() != nil:
		return ran{code: -1, output: tail(log, from), seconds: limit.Seconds()}, nil
	case err != nil && !errors.As(err, &exit):
		return ran{}, err
	}
	return ran{code: c.ProcessState.ExitCode(), output: tail(log, from), seconds: time.Since(begun).Seconds()}, nil
}

// tail gives what the file holds from an offset on, or the last of that where it is much.
func tail(file *os.File, from int64) string {
	end, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return ""
	}
	from = max(from, end-outputLimit)
	text, err := io.ReadAll(io.NewSectionReader(file, from, end-from))
	if err != nil {
		return ""
	}
	return string(text)
}

var buildError = regexp.MustCompile(`(?i)\berror: |\bfatal error|^E: |^Error!|\*\*\* |^dpkg: |BUILD_EXCLUSIVE|\bundefined!`)

// firstError is the first line of a build's output that reads as an error.
func firstError(output string) string {
	for line := range strings.Lines(output) {
		if buildError.MatchString(line) {
			return strings.ReplaceAll(strings.TrimSpace(line), running(), "(uname -r)")
		}
	}
	return ""
}

// running is the kernel of the machine that the sweep runs on, which has no place in a table.
func running() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil || len(text) < 2 {
		return "\x00"
	}
	return strings.TrimSpace(string(text))
}
