package sandbox

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// reap takes every process that ends, also those whose own parent has, and tells of one, which is the last that it takes.
func reap(pid int, ended chan<- syscall.WaitStatus) {
	for {
		var status syscall.WaitStatus
		got, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return
		case got == pid:
			ended <- status
			return
		}
	}
}

// sweep ends every process below this one, and returns when there is none; nobody else may wait for them meanwhile. As long
// as one lives it waits for none that has ended: that one keeps its number, so that no stranger gets it, and counts for
// its user's RLIMIT_NPROC, so that processes which start others and end at once cannot do so for ever.
func sweep() {
	const most = 1 << 14 // fewer than all the numbers that there are
	for !isChildless() {
		alive, all := false, children()
		for _, pid := range all {
			alive = kill(pid) || alive
		}
		if !alive || len(all) > most {
			waitForEnded()
		}
		if alive || len(all) == 0 { // or there is one that no list has
			time.Sleep(time.Millisecond)
		}
	}
}

// isChildless reports whether this process has no child, not even one that has ended.
func isChildless() bool {
	var info unix.Siginfo
	return errors.Is(unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil), unix.ECHILD)
}

// waitForEnded takes what has ended.
func waitForEnded() {
	got, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
	for err == nil && got > 0 || errors.Is(err, syscall.EINTR) {
		got, err = syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
	}
}

// kill ends a child of this process, and reports whether it was alive. It ends no process but a child.
func kill(pid int) (alive bool) {
	var info unix.Siginfo
	if unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil) != nil || info.Signo != 0 {
		return false
	}
	child, err := hold(pid)
	if err == nil {
		child.signal(syscall.SIGKILL)
		child.release()
	}
	return true
}

// grip is a process that can be signalled, and no other that gets its number after it. Before Linux 5.3 there is no
// descriptor (-1): then it is a child that nobody has waited for.
type grip struct{ pid, descriptor int }

func hold(pid int) (grip, error) {
	descriptor, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ENOSYS) {
		return grip{pid, -1}, nil
	}
	if err != nil {
		return grip{}, fmt.Errorf("pidfd_open: %w", err)
	}
	return grip{pid, descriptor}, nil
}

func (g grip) signal(s syscall.Signal) {
	if g.descriptor < 0 {
		_ = syscall.Kill(g.pid, s)
		return
	}
	_ = unix.PidfdSendSignal(g.descriptor, s, nil, 0)
}

func (g grip) release() {
	if g.descriptor >= 0 {
		_ = syscall.Close(g.descriptor)
	}
}
