package main

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// followed runs mago log -f beside a mago that builds: the build hangs in the program whose command line begins like call until
// the log has been followed so far, or is killed there. With -before the follower comes first, and waits for it. What
// the follower prints is kept in $WORK/followed, and it has to end with that code.
func followed(ts *testscript.TestScript, _ bool, args []string) {
	before, kill := false, false
	for ; args[0] == "-before" || args[0] == "-kill"; args = args[1:] {
		before, kill = before || args[0] == "-before", kill || args[0] == "-kill"
	}
	code, word, call, args := args[0], args[1], args[2], args[3:]
	pipe, ours := openPipe(ts, makeFIFO(ts, "begun"))
	defer pipe.Close()
	defer ours.Close()
	goOn := makeFIFO(ts, "go-on")
	follow := exec.Command(findMago(ts), "log", "-f", word)
	follow.Dir, follow.Env = ts.Getenv("WORK"), environmentOf(ts)
	waiting, heardLog := hear("mago: waiting for a build of"), hear("is being built: ")
	follow.Stdout, follow.Stderr = heardLog, both{waiting, heardLog}
	build := exec.Command(findMago(ts), args...)
	build.Dir, build.Env = follow.Dir, append(environmentOf(ts), "HANG="+call)
	if before {
		ts.Check(follow.Start())
		waiting.await(ts)
	}
	ts.Check(build.Start())
	ts.Check(pipe.SetReadDeadline(time.Now().Add(patience)))
	if _, err := pipe.Read(make([]byte, 16)); err != nil {
		_ = build.Process.Kill()
		ts.Fatalf("the program is not run: %v", err)
	}
	if !before {
		ts.Check(follow.Start())
	}
	heardLog.await(ts)
	if kill {
		ts.Check(syscall.Kill(build.Process.Pid, syscall.SIGKILL))
	}
	ts.Check(os.WriteFile(goOn, nil, 0)) // also what a kill leaves goes on to its end
	_ = build.Wait()
	awaitEnd(ts, follow)
	ts.Logf("%s", heardLog.text)
	ts.Check(os.WriteFile(ts.MkAbs("followed"), heardLog.text, 0o644))
	if got := strconv.Itoa(follow.ProcessState.ExitCode()); got != code {
		ts.Fatalf("the follower's exit status is %s, want %s", got, code)
	}
}

// awaitEnd waits for a program that has no reason to go on.
func awaitEnd(ts *testscript.TestScript, cmd *exec.Cmd) {
	tooLong := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer tooLong.Stop()
	_ = cmd.Wait()
}

// both hear what is said.
type both struct{ one, other *heard }

func (b both) Write(text []byte) (int, error) {
	_, _ = b.one.Write(text)
	return b.other.Write(text)
}
