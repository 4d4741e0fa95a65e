package coredump_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"mago/kbuild/signing/coredump"
)

// TestMain is the process that is killed, too: it says whether it is dumpable once it waits.
func TestMain(m *testing.M) {
	how := os.Getenv("DUMPS")
	if how == "" {
		os.Exit(m.Run())
	}
	limit := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &limit); err != nil { // not root, or a lower one
		_ = unix.Getrlimit(unix.RLIMIT_CORE, &limit)
		limit.Cur = limit.Max
		_ = unix.Setrlimit(unix.RLIMIT_CORE, &limit)
	}
	if how == "off" {
		if err := coredump.Off(); err != nil {
			panic(err)
		}
	}
	dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	fmt.Println(dumpable, err)
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// A process is killed by signals that dump a core; wait(2) says whether the kernel made one, wherever it goes.
func TestOff(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGABRT, syscall.SIGQUIT, syscall.SIGSEGV} {
		if dumps, limits := killed(t, "off", signal); dumps || !strings.HasPrefix(limits, "0 ") {
			t.Errorf("%v: a core dump: %v, limit %s", signal, dumps, limits)
		}
	}
	if dumps, limits := killed(t, "on", syscall.SIGABRT); !dumps && strings.HasPrefix(limits, "unlimited") {
		t.Error("no core dump where they are on: this test shows nothing")
	}
}

// killed kills a process, and gives whether it left a core dump, and the soft and hard limit that it had.
func killed(t *testing.T, how string, signal syscall.Signal) (dumps bool, limits string) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Dir, cmd.Env = t.TempDir(), append(os.Environ(), "DUMPS="+how, "GOTRACEBACK=crash")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != map[string]string{"off": "0 <nil>\n", "on": "1 <nil>\n"}[how] {
		t.Fatal(line, err)
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "Max core file size"); ok {
			limits = strings.Join(strings.Fields(rest)[:2], " ")
		}
	}
	if err := cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // which it was killed by
	return cmd.ProcessState.Sys().(syscall.WaitStatus).CoreDump(), limits
}
