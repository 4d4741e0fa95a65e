package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// watch gives the most memory that mago's own processes among pid and its descendants have held at one time, in bytes, when stop is
// closed. What mago runs, such as a compiler, does not count, so that wait4(2)'s figure would not do.
func watch(pid int, stop <-chan struct{}) (peak int64) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return peak
		case <-tick.C:
			peak = max(peak, held(pid))
		}
	}
}

// held is what the processes of mago's from pid downwards hold, in bytes: each its own, and its part of what several share (Pss in
// proc_pid_smaps(5)). A process that has ended in between is passed over.
func held(pid int) (sum int64) {
	dir := fmt.Sprintf("/proc/%d", pid)
	if program, _ := os.Readlink(dir + "/exe"); slices.Contains([]string{"mago", filepath.Base(os.Args[0])}, filepath.Base(program)) {
		sum = proportional(dir)
	}
	tasks, _ := filepath.Glob(dir + "/task/*/children")
	for _, task := range tasks {
		children, _ := os.ReadFile(task)
		for _, child := range strings.Fields(string(children)) {
			if child, err := strconv.Atoi(child); err == nil && !sharesMemory(pid, child) {
				sum += held(child)
			}
		}
	}
	return sum
}

// sharesMemory reports whether a child has its parent's memory still, as it has between vfork(2) and execve(2).
func sharesMemory(pid, child int) bool {
	const memory = 1 // KCMP_VM of kcmp(2)
	differs, _, errno := unix.Syscall6(unix.SYS_KCMP, uintptr(pid), uintptr(child), memory, 0, 0, 0)
	return errno == 0 && differs == 0
}

func proportional(dir string) int64 {
	status, _ := os.ReadFile(dir + "/smaps_rollup")
	_, rest, _ := strings.Cut(string(status), "\nPss:")
	figure, _, _ := strings.Cut(strings.TrimSpace(rest), " kB")
	kilobytes, _ := strconv.ParseInt(figure, 10, 64)
	return kilobytes << 10
}
