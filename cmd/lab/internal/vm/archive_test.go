package vm

import (
	"bytes"
	"os/exec"
	"testing"
)

// cpio(1) is asked what is in it.
func TestArchive(t *testing.T) {
	cpio, err := exec.LookPath("cpio")
	args := []string{"-t", "--quiet"}
	if err != nil {
		if cpio, err = exec.LookPath("busybox"); err != nil {
			t.Skip(err)
		}
		args = []string{"cpio", "-t"}
	}
	var a Archive
	a.Dir("bin")
	a.File("bin/odd", []byte("odd"), 0o755)
	a.File("bin/odd", []byte("again"), 0o755)
	a.File("init", nil, 0o755)
	cmd := exec.Command(cpio, args...)
	cmd.Stdin = bytes.NewReader(a.Bytes())
	out, err := cmd.Output()
	if want := "bin\nbin/odd\ninit\n"; err != nil || string(out) != want {
		t.Errorf("cpio lists %q, %v; want %q", out, err, want)
	}
}
