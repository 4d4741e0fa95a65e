package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"mago/sources/lock"
)

// waits holds a lock until mago has said that it waits for it, and what mago then does to the end.
func waits(ts *testscript.TestScript, _ bool, args []string) {
	stop := args[0] == "-stop"
	if stop {
		args = args[1:]
	}
	release := holdFor(ts, args[0])
	cmd := exec.Command(findMago(ts), args[1:]...)
	cmd.Dir, cmd.Env = ts.Getenv("WORK"), environmentOf(ts)
	cmd.Stderr = ts.Stderr()
	stdout, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	waited := false
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		fmt.Fprintln(ts.Stdout(), lines.Text())
		if waited || !strings.HasPrefix(lines.Text(), "wait ") {
			continue
		}
		if waited = true; stop {
			ts.Check(cmd.Process.Signal(syscall.SIGINT))
		} else {
			release()
		}
	}
	release()
	_ = cmd.Wait()
	want := exitDone
	if stop {
		want = exitInterrupted
	}
	if got := cmd.ProcessState.ExitCode(); got != want || !waited {
		ts.Fatalf("waited: %t; exit status %d, want %d", waited, got, want)
	}
}

// holdFor takes a lock of mago's, or one of apt's or dpkg's in another process: of this one mago is a child.
func holdFor(ts *testscript.TestScript, name string) (release func()) {
	if !strings.Contains(name, "/") {
		return holdLock(ts, name)
	}
	cmd := exec.Command(filepath.Join(ts.Getenv("FAKES"), "holder"), filepath.Join(worldOf(ts).root, name))
	cmd.Env = environmentOf(ts)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	ts.Check(err)
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		ts.Fatalf("%q, %v", line, err)
	}
	return func() {
		in.Close()
		_ = cmd.Wait()
	}
}

func holdLock(ts *testscript.TestScript, name string) (release func()) {
	l := lock.Locks{
		Dir: filepath.Join(worldOf(ts).root, "var/cache/mago/locks"), Limit: lock.AtOnce,
		Me: lock.Holder{Command: "mago a-b hello", User: "somebody"},
	}
	release, err := l.Take(context.Background(), lock.Thing{Name: name, Doing: "built"})
	ts.Check(err)
	return release
}

func hold(ts *testscript.TestScript, _ bool, args []string) { ts.Defer(holdFor(ts, args[0])) }

// holder takes a lock as apt and dpkg do, until the program ends that it runs, or its input.
func holder(_ *world, args []string) error {
	if err := os.MkdirAll(filepath.Dir(args[0]), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(args[0], os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return err
	}
	lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
	if err := unix.FcntlFlock(file.Fd(), unix.F_SETLK, &lock); err != nil {
		return err
	}
	if len(args) > 1 {
		cmd := exec.Command(args[1], args[2:]...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		_ = cmd.Run()
		return exitStatus(cmd.ProcessState.ExitCode())
	}
	fmt.Println("held")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
