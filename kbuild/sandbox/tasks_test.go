package sandbox

import (
	"bufio"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
)

// TestBelow: the lists of who has started whom lead to the same processes as all of /proc.
func TestBelow(t *testing.T) {
	program := exec.Command("sh", "-c", "(sleep infinity & sleep infinity & echo; wait) & exec sleep infinity")
	program.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := program.StdoutPipe()
	if err == nil {
		err = program.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-program.Process.Pid, syscall.SIGKILL)
		_ = program.Wait()
	})
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	found, all := pidsIn(program.Process.Pid, below(false)), pidsIn(program.Process.Pid, below(true))
	if len(all) != 4 || !slices.Equal(found, all) {
		t.Errorf("the lists lead to %d, of %d", found, all)
	}
}

// pidsIn are the processes of a group.
func pidsIn(group int, all []task) (pids []int) {
	for _, p := range all {
		if g, err := syscall.Getpgid(p.pid); err == nil && g == group {
			pids = append(pids, p.pid)
		}
	}
	slices.Sort(pids)
	return pids
}

// TestReadTask: this process is as it is, and costs no more to look at than what the kernel is asked with.
func TestReadTask(t *testing.T) {
	p, ok := readTask(os.Getpid())
	if !ok || p.pid != os.Getpid() || p.parent != os.Getppid() || p.threads < 2 || p.pages < 100 {
		t.Errorf("%+v, %t", p, ok)
	}
	if _, ok := readTask(1 << 30); ok {
		t.Error("there is a process with a number that none can have")
	}
	if n := testing.AllocsPerRun(100, func() { readTask(p.pid) }); n > 8 {
		t.Errorf("it allocates %v times", n)
	}
	if n := allThreads(); n < p.threads {
		t.Errorf("the machine has %d threads", n)
	}
}
