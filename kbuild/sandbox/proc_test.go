package sandbox

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

func TestSameNumber(t *testing.T) {
	for status, want := range map[string]error{
		"Name:\tx\nNSpid:\t42\n":       nil,
		"Name:\tx\nNSpid:\t4211\t42\n": ErrForeignProc, // unshare -p without a /proc of its own
		"Name:\tx\nNSpid:\t4211\n":     ErrForeignProc,
		"Name:\tNSpid:\t42\n":          ErrForeignProc,
		"":                             ErrForeignProc,
	} {
		if err := sameNumber(status, 42); !errors.Is(err, want) {
			t.Errorf("%q: got %v", status, err)
		}
	}
}

// TestForeignProc: a warden in a PID namespace without a /proc of its own would go by the numbers of strangers.
func TestForeignProc(t *testing.T) {
	args, err := order{Kind: User, Args: []string{"true"}, Dir: "/"}.command(wardenName)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Args = args
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
	if os.Geteuid() != 0 {
		enterUserNamespace(cmd.SysProcAttr)
	}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) {
		t.Skipf("no namespaces here: %v", err)
	}
	if err == nil || !strings.Contains(string(out), ErrForeignProc.Error()) {
		t.Errorf("got %v: %s", err, out)
	}
}
