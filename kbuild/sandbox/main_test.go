package sandbox

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

// parentName is this program as the parent of a warden, to be killed.
const parentName = "mago-sandbox-parent"

// TestMain has this program take part in sandboxes, as mago does.
func TestMain(m *testing.M) {
	if code, ok := Serve(os.Args); ok {
		syscall.Exit(code) // os.Exit takes a second under the race detector
	}
	if slices.Equal(os.Args, Self("write-itself")) {
		writeItself()
		return
	}
	if filepath.Base(os.Args[0]) == attackName {
		attack(os.Args[1])
		return
	}
	if os.Args[0] == parentName {
		cmd := exec.Command("/proc/self/exe")
		cmd.Args = []string{wardenName, os.Args[1]}
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGTERM}
		cmd.ExtraFiles = []*os.File{os.Stdout}
		if cmd.Run() != nil {
			os.Exit(1)
		}
		return
	}
	m.Run()
}
