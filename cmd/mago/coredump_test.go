package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// abort CALL ARGS… kills mago by SIGABRT, with which Go leaves a core dump where it may, once the program whose command line begins
// like CALL runs. mago must leave none; with ! it has read no secret, and its limit is as it was.
func abort(ts *testscript.TestScript, neg bool, args []string) {
	limit := unix.Rlimit{}
	ts.Check(unix.Getrlimit(unix.RLIMIT_CORE, &limit))
	limit.Cur = limit.Max
	ts.Check(unix.Setrlimit(unix.RLIMIT_CORE, &limit))
	pipe, ours := openPipe(ts, makeFIFO(ts, "begun"))
	defer pipe.Close()
	defer ours.Close()
	cmd := exec.Command(findMago(ts), args[1:]...)
	cmd.Dir, cmd.Env = ts.Getenv("WORK"), append(environmentOf(ts), "HANG="+args[0], "GOTRACEBACK=crash")
	ts.Check(cmd.Start())
	ts.Check(pipe.SetReadDeadline(time.Now().Add(patience)))
	_, err := pipe.Read(make([]byte, 16))
	closed := strings.Contains(limitsOf(cmd.Process.Pid), "Max core file size 0 ")
	if neg {
		_ = cmd.Process.Kill()
	} else {
		_ = cmd.Process.Signal(syscall.SIGABRT)
	}
	_ = cmd.Wait()
	ts.Check(err)
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	switch {
	case neg && closed && limit.Max > 0:
		ts.Fatalf("mago may leave no core dump before it has read a secret")
	case !neg && (!closed || !status.Signaled() || status.CoreDump()):
		ts.Fatalf("limited: %v, killed: %v, a core dump: %v", closed, status.Signaled(), status.CoreDump())
	}
}

// limitsOf are those of a process, with one blank between words.
func limitsOf(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid)) // which says nothing of a process that has ended
	return strings.Join(strings.Fields(string(text)), " ")
}
