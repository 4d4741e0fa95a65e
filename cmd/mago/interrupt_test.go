package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// patience is how long something may take that takes no time; it only ends tests that have failed.
const patience = 20 * time.Second

// interrupt runs mago until the program whose command line begins like call has told that it runs, and then presses
// Ctrl-C. mago has to end with 130, and every process that it started has to be gone. With -finish the program is let
// go on afterwards, and mago has to end well.
func interrupt(ts *testscript.TestScript, _ bool, args []string) {
	finish := args[0] == "-finish"
	if finish {
		args = args[1:]
	}
	begun, goOn := makeFIFO(ts, "begun"), makeFIFO(ts, "go-on")
	var output bytes.Buffer
	cmd := exec.Command("mago", args[1:]...)
	cmd.Path, cmd.Err = findMago(ts), nil
	cmd.Dir, cmd.Env = ts.Getenv("WORK"), append(environmentOf(ts), "HANG="+args[0])
	cmd.Stdout, cmd.Stderr = &output, &output
	ts.Check(cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()

	pipe := waitForProgram(ts, begun, ended, &output)
	defer pipe.Close()
	ts.Check(cmd.Process.Signal(syscall.SIGINT))
	want := exitInterrupted
	if finish {
		want = exitDone
		ts.Check(os.WriteFile(goOn, nil, 0))
	}
	select {
	case <-ended:
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		ts.Fatalf("mago goes on after Ctrl-C")
	}
	ts.Logf("%s", output.String())
	if got := cmd.ProcessState.ExitCode(); got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
	ts.Check(pipe.SetReadDeadline(time.Now().Add(patience)))
	if _, err := io.ReadAll(pipe); err != nil {
		ts.Fatalf("a program outlives mago: %v", err)
	}
}

func makeFIFO(ts *testscript.TestScript, name string) string {
	path := filepath.Join(ts.Getenv("WORK"), name)
	_ = os.Remove(path)
	ts.Check(syscall.Mkfifo(path, 0o666))
	return path
}

// waitForProgram gives the pipe that the program, and what it starts, keeps open as long as it lives.
func waitForProgram(ts *testscript.TestScript, begun string, ended <-chan error, output *bytes.Buffer) *os.File {
	opened := make(chan *os.File, 1)
	go func() {
		pipe, _ := os.Open(begun)
		opened <- pipe
	}()
	select {
	case pipe := <-opened:
		if _, err := pipe.Read(make([]byte, 1)); err != nil {
			ts.Fatalf("the program says nothing: %v", err)
		}
		return pipe
	case err := <-ended:
		if w, err := os.OpenFile(begun, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
			w.Close() // lets the goroutine go
		}
		ts.Fatalf("mago has ended before: %v\n%s", err, output.String())
	case <-time.After(patience):
		ts.Fatalf("the program is never run")
	}
	return nil
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
	for _, name := range []string{"PATH", "WORK", "ROOT", "FAKES", "FAIL", "AS", "GORACE", "GOCOVERDIR", "HOME", "TMPDIR"} {
		env = append(env, name+"="+ts.Getenv(name))
	}
	return env
}
