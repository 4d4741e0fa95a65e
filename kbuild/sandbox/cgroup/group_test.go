package cgroup

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// newTestGroup is for the test to remove.
func newTestGroup(t *testing.T, l Limits) *Group {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root makes groups by itself")
	}
	g, err := New(l)
	if err != nil {
		t.Skip(err)
	}
	return g
}

// inside starts a program in a group.
func inside(t *testing.T, g *Group, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: g.Descriptor()}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func (g *Group) isThere() bool {
	return unix.Faccessat(int(g.in.Fd()), g.dir.Name(), unix.F_OK, unix.AT_SYMLINK_NOFOLLOW) == nil
}

// TestKill: it ends all that is in a group, and nothing else; the directory goes with Remove.
func TestKill(t *testing.T) {
	g, other := newTestGroup(t, Limits{}), newTestGroup(t, Limits{})
	a, b := inside(t, g, "sleep", "infinity"), inside(t, other, "cat")
	if err := g.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := a.Wait(); err == nil || a.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("it ended by %v", err)
	}
	if err := b.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the other group's: %v", err)
	}
	if err := errors.Join(other.Remove(), g.Remove()); err != nil {
		t.Error(err)
	}
	_ = b.Wait()
}

// TestSweep: a group that nobody has locked is a killed process's, and goes with what is in it; one that is at work stays.
func TestSweep(t *testing.T) {
	left, busy := newTestGroup(t, Limits{}), newTestGroup(t, Limits{})
	process := inside(t, left, "sleep", "infinity")
	if err := unix.Flock(left.Descriptor(), unix.LOCK_UN); err != nil {
		t.Fatal(err)
	}
	fresh := newTestGroup(t, Limits{})
	if err := process.Wait(); err == nil {
		t.Error("it was not ended")
	}
	if left.isThere() || !busy.isThere() {
		t.Errorf("what was left is there: %v; what is busy: %v", left.isThere(), busy.isThere())
	}
	if err := errors.Join(busy.Remove(), fresh.Remove()); err != nil {
		t.Error(err)
	}
}

// TestFilesAreRoots: who is in the group cannot get at its files.
func TestFilesAreRoots(t *testing.T) {
	g := newTestGroup(t, Limits{})
	defer g.Remove()
	for _, file := range []string{".", "cgroup.procs", "cgroup.kill"} {
		var stat unix.Stat_t
		if err := unix.Fstatat(g.Descriptor(), file, &stat, 0); err != nil || stat.Uid != 0 || stat.Mode&0o022 != 0 {
			t.Errorf("%s: %o of user %d, %v", file, stat.Mode, stat.Uid, err)
		}
	}
}

func TestNumber(t *testing.T) {
	path := filepath.Join(t.TempDir(), "memory.events")
	if err := os.WriteFile(path, []byte("low 0\nmax 71\noom 3\noom_kill 4\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for key, want := range map[string]int64{"oom": 3, "oom_kill": 4, "low": 0, "none": 0} {
		if got := number(int(file.Fd()), key); got != want {
			t.Errorf("%s is %d", key, got)
		}
	}
}

// TestMembers: a group tells of its processes and threads, but for those that have ended.
func TestMembers(t *testing.T) {
	g := newTestGroup(t, Limits{})
	defer g.Remove()
	u, err := g.Members()
	if err != nil {
		t.Fatal(err)
	}
	if p, n := u.Processes(), u.Threads(); len(p) != 0 || n != 0 {
		t.Errorf("an empty group has the processes %d, %d threads", p, n)
	}
	const script = `($a = fork) or exit; ($b = fork) or kill 9, $$;
		for ($a, $b) { do { open $f, "<", "/proc/$_/stat" } until <$f> =~ /\) Z/ }
		$| = 1; print "done\n"; exec "sleep", "infinity"`
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("perl", "-e", script)
	cmd.Stdout, cmd.SysProcAttr = w, &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: g.Descriptor()}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	if p, n := u.Processes(), u.Threads(); len(p) != 1 || p[0] != cmd.Process.Pid || n != 1 {
		t.Errorf("it has the processes %d, %d threads; %d runs", p, n, cmd.Process.Pid)
	}
	if err := errors.Join(g.Kill(), out.Close(), w.Close()); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait()
}
