package sandbox

import (
	"bufio"
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
