package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// patience is how long something may take that takes no time; it only ends tests that have failed.
const patience = 20 * time.Second

// interrupt runs mago until the program whose command line begins like call has told that it runs, and then sends it a
// signal, that of Ctrl-C unless another is named. mago has to end with 128 and the signal's number, and every process
// that it started has to be gone. With -finish the program is let go on afterwards, and brought to its end; -nohup runs
// mago by that program, and then mago has to end well.
func interrupt(ts *testscript.TestScript, _ bool, args []string) {
	finish, nohup, signal := false, false, syscall.SIGINT
	for ; strings.HasPrefix(args[0], "-"); args = args[1:] {
		switch args[0] {
		case "-finish":
			finish = true
		case "-nohup":
			nohup = true
		default:
			signal = unix.SignalNum("SIG" + args[0][1:])
		}
	}
	pipe, ours := openPipe(ts, makeFIFO(ts, "begun"))
	defer pipe.Close()
	goOn := makeFIFO(ts, "go-on")
	output := hear("mago: interrupted by ", "mago: waiting for ")
	cmd := exec.Command("mago", args[1:]...)
	cmd.Path, cmd.Err = findMago(ts), nil
	if nohup {
		cmd = exec.Command("nohup", append([]string{findMago(ts)}, args[1:]...)...)
	}
	cmd.Dir, cmd.Env = ts.Getenv("WORK"), append(environmentOf(ts), "HANG="+args[0])
	cmd.Stdout, cmd.Stderr = output, output
	ts.Check(cmd.Start())
	ended := make(chan error, 1)
	go func() {
		ended <- cmd.Wait()
		ours.Close()
	}()

	ts.Check(pipe.SetReadDeadline(time.Now().Add(patience)))
	if _, err := pipe.Read(make([]byte, 16)); err != nil {
		_ = cmd.Process.Kill()
		ts.Fatalf("the program is not run: %v; mago: %v\n%s", err, <-ended, output.text)
	}
	ours.Close()
	ts.Check(cmd.Process.Signal(signal))
	want := 128 + int(signal)
	if finish {
		if nohup {
			want = exitDone
		} else {
			output.await(ts)
		}
		ts.Check(os.WriteFile(goOn, nil, 0))
	}
	select {
	case <-ended:
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		ts.Fatalf("mago goes on after Ctrl-C")
	}
	ts.Logf("%s", output.text)
	ts.Check(os.WriteFile(ts.MkAbs("interrupted"), output.text, 0o644))
	if got := cmd.ProcessState.ExitCode(); got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
	ts.Check(pipe.SetReadDeadline(time.Now().Add(patience)))
	if _, err := io.ReadAll(pipe); err != nil {
		ts.Fatalf("a program outlives mago: %v", err)
	}
}

// heard keeps what is printed, and tells when some words have been.
type heard struct {
	lock  sync.Mutex // output and errors come from two goroutines
	text  []byte
	words []string
	said  chan struct{}
	told  bool
}

func hear(words ...string) *heard { return &heard{words: words, said: make(chan struct{})} }

func (h *heard) Write(p []byte) (int, error) {
	h.lock.Lock()
	defer h.lock.Unlock()
	h.text = append(h.text, p...)
	missing := func(word string) bool { return !bytes.Contains(h.text, []byte(word)) }
	if !h.told && !slices.ContainsFunc(h.words, missing) {
		h.told = true
		close(h.said)
	}
	return len(p), nil
}

func (h *heard) await(ts *testscript.TestScript) {
	select {
	case <-h.said:
	case <-time.After(patience):
		ts.Fatalf("mago never says all of %q", h.words)
	}
}

func makeFIFO(ts *testscript.TestScript, name string) string {
	path := filepath.Join(ts.Getenv("WORK"), name)
	_ = os.Remove(path)
	ts.Check(syscall.Mkfifo(path, 0o666))
	return path
}

// openPipe opens both ends: as long as ours is open, the pipe does not end when programs come and go.
func openPipe(ts *testscript.TestScript, path string) (pipe, ours *os.File) {
	pipe, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	ts.Check(err)
	ours, err = os.OpenFile(path, os.O_WRONLY, 0)
	ts.Check(err)
	return pipe, ours
}

func findMago(ts *testscript.TestScript) string {
	for dir := range strings.SplitSeq(ts.Getenv("PATH"), ":") {
		if path := filepath.Join(dir, "mago"); isFile(path) {
			return path
		}
	}
	ts.Fatalf("no mago in PATH")
	return ""
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func environmentOf(ts *testscript.TestScript) []string {
	var env []string
	for _, name := range []string{"PATH", "WORK", "ROOT", "FAKES", "FAIL", "DEAF", "AS", "GORACE", "GOCOVERDIR", "HOME", "TMPDIR", "LC_ALL"} {
		env = append(env, name+"="+ts.Getenv(name))
	}
	return env
}
