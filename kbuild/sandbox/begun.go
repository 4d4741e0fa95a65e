package sandbox

import (
	"bytes"
	"fmt"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// begun tells the warden whether the entrant has become the program, or bubblewrap has started it. No program in the sandbox
// has hold of it.
type begun struct{ read, tell int }

// beginning is the descriptor that the entrant, and bubblewrap after it, tells by: the one after the program's.
func (o order) beginning() int { return 3 + o.Files }

func newBegun() (*begun, error) {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return nil, fmt.Errorf("pipe: %w", err)
	}
	return &begun{ends[0], ends[1]}, nil
}

// by reads what was told, once all that could tell has ended: bubblewrap gives the exit code of a program that it has
// started (--json-status-fd), the entrant only tells that it failed.
func (b *begun) by(kind Kind) bool {
	text := make([]byte, 4<<10)
	n, _ := unix.Read(b.read, text)
	text = text[:max(n, 0)]
	if kind == Bubblewrap {
		return bytes.Contains(text, []byte(`"exit-code"`))
	}
	return len(text) == 0
}

// tellingArgs has bubblewrap tell.
func (o order) tellingArgs() []string {
	return []string{"--json-status-fd", strconv.Itoa(o.beginning())}
}

// notBegun tells that the entrant has failed.
func (o order) notBegun(err error) error {
	_, _ = syscall.Write(o.beginning(), []byte("failed"))
	return err
}
