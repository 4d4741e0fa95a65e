package sandbox

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// TestInherited runs itself below lower limits.
func TestInherited(t *testing.T) {
	l := Limits{Output: 1 << 30, Processes: 4096}
	if os.Getenv("LOWERED") != "" {
		fmt.Print(l.Inherited("n"), ";", l.Inherited("f"), ";", l.Inherited("t"), ";", l.Inherited("vd"))
		os.Exit(0)
	}
	for ulimit, want := range map[string]string{
		"-n 100":                "ulimit -n 100;;;",
		"-S -n 100":             ";;;",
		"-f 1000; ulimit -t 60": ";ulimit -f 1000;ulimit -t 60;",
	} {
		cmd := exec.Command("bash", "-c", "ulimit "+ulimit+"; exec \"$0\" -test.run=^TestInherited$", os.Args[0])
		cmd.Env = append(os.Environ(), "LOWERED=1")
		out, err := cmd.Output()
		if got := string(out); err != nil || got != want {
			t.Errorf("below ulimit %s: %s, %v; want %s", ulimit, out, err, want)
		}
	}
}

// TestLimitsAreOrderly: what the kernel holds a program to lies above what the warden watches, and nothing overflows.
func TestLimitsAreOrderly(t *testing.T) {
	l := Limits{Memory: 1 << 62, Output: 1 << 62}
	if l.data() <= uint64(l.Memory) || l.fileSize() <= uint64(l.Output) || (Limits{}).data() != unix.RLIM_INFINITY {
		t.Errorf("data %d, file size %d", l.data(), l.fileSize())
	}
}
