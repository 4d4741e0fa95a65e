package sandbox

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
)

// ErrNoProc says that processes cannot be seen here, and so neither held to limits nor ended when a build leaves them.
var ErrNoProc = errors.New("/proc is not mounted here, and builds are watched through it")

// ErrForeignProc says that the processes which can be seen here are numbered as another PID namespace numbers them.
var ErrForeignProc = errors.New("/proc is that of another PID namespace, where numbers stand for other processes")

// ownProc compares what this process is called with what /proc calls it.
func ownProc() error {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return ErrNoProc
	}
	return sameNumber(string(status), os.Getpid())
}

// sameNumber reads a status of proc(5): NSpid has the numbers of a process from the namespace of /proc down to its own.
func sameNumber(status string, pid int) error {
	for line := range strings.Lines(status) {
		if numbers, ok := strings.CutPrefix(line, "NSpid:"); ok && slices.Equal(strings.Fields(numbers), []string{strconv.Itoa(pid)}) {
			return nil
		}
	}
	return ErrForeignProc
}
