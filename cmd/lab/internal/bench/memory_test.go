package bench

import (
	"os"
	"os/exec"
	"testing"
)

// TestSharesMemory: a process has its own memory, which it shares with none that it has started.
func TestSharesMemory(t *testing.T) {
	child := exec.Command("sleep", "infinity")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = child.Process.Kill(), child.Wait() }()
	if pid := os.Getpid(); !sharesMemory(pid, pid) || sharesMemory(pid, child.Process.Pid) {
		t.Errorf("%t with itself, %t with a child", sharesMemory(pid, pid), sharesMemory(pid, child.Process.Pid))
	}
}
