//go:build e2e

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"mago/cmd/lab/internal/vm"
)

// limits: under Debian's own kernel, where control groups are of version 2 alone, the kernel holds builds to their memory and
// number; the machine that runs the tests may have them look after by the warden. It is a test of mago/kbuild/sandbox.
func (s *story) limits(t *testing.T) {
	test := filepath.Join(t.TempDir(), "sandbox.test")
	compile := exec.CommandContext(t.Context(), "go", "test", "-c", "-o", test, "mago/kbuild/sandbox")
	compile.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	a, err := vm.BusyBox()
	if err != nil {
		t.Fatal(err)
	}
	a.Dir("etc", "usr", "tmp", "var", "var/tmp")
	a.File("bin/sandbox.test", readFile(t, test), 0o755)
	a.Init(limitsScript)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	console, err := vm.Boot(ctx, s.Path("/boot/vmlinuz-"+s.kernel), a.Bytes(), 1024)
	t.Logf("%s", console)
	if err != nil {
		t.Fatal(err)
	}
	out := output(console)
	out.has(t, "limits: memory and processes held by a control group", "mago: passed", "mago: end")
	out.lacks(t, "FAIL")
	out.lacks(t, "mago: left")
}

const limitsScript = `mount -t cgroup2 none /sys/fs/cgroup
sandbox.test -test.v -test.run TestHeld/user && echo "mago: passed"
for dir in /sys/fs/cgroup/mago-*; do
	test ! -d "$dir" || echo "mago: left $dir"
done
echo "mago: end"
`
