package engine

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestRemoveTree needs an ordinary user: where the test is root it runs itself as nobody.
func TestRemoveTree(t *testing.T) {
	if os.Geteuid() == 0 {
		dir, err := os.MkdirTemp("/var/tmp", "mago-test-") // t.TempDir's parents are root's alone
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		const nobody = 65534
		self := filepath.Join(dir, "test")
		text, err := os.ReadFile("/proc/self/exe")
		if err := errors.Join(err, os.WriteFile(self, text, 0o755), os.Chmod(dir, 0o777)); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(self, "-test.run=^TestRemoveTree$")
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "TMPDIR="+dir)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody, Groups: []uint32{}}}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("as nobody: %v: %s", err, out)
		}
		return
	}
	top := t.TempDir()
	dir := filepath.Join(top, "work")
	closed := filepath.Join(dir, "closed")
	if err := errors.Join(os.MkdirAll(filepath.Join(closed, "inside"), 0o755), os.Chmod(closed, 0)); err != nil {
		t.Fatal(err)
	}
	if err := removeTree(dir); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("it is still there")
	}
}

// TestRemoveDeepTree has more levels of directories than descriptors.
func TestRemoveDeepTree(t *testing.T) {
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "work")
	if err := os.MkdirAll(filepath.Join(dir, strings.Repeat("d/", 500)), 0o755); err != nil {
		t.Fatal(err)
	}
	few := before
	few.Cur = 200
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	err := removeTree(dir)
	if err := errors.Join(err, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before)); err != nil {
		t.Errorf("%.200v", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("it is still there")
	}
}
