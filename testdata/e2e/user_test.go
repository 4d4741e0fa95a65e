//go:build e2e

package e2e

import (
	"os/exec"
	"path/filepath"
	"testing"

	"mago/testdata/e2e/debian"
)

// user: without any right, the same source becomes the same package, byte for byte; installing it is refused.
func (s *story) user(t *testing.T) {
	s.run(t, "useradd", "--create-home", "tester")
	run(t, s.asTester(t, "mago", "-u", "/home/tester/m", "get", "v4l2loopback"))
	run(t, s.asTester(t, "mago", "-u", "/home/tester/m", "build", "v4l2loopback", "-l", s.kernel)).has(t, "tester in bubblewrap, no network")
	own := filepath.Join("/home/tester/m/debs", filepath.Base(s.debs["v4l2loopback"]))
	if s.read(t, own) != s.read(t, s.debs["v4l2loopback"]) {
		t.Errorf("%s and root's %s differ", own, s.debs["v4l2loopback"])
	}
	refused := exits(t, 13, s.asTester(t, "mago", "-u", "/home/tester/m", "install", "v4l2loopback", "-l", s.kernel))
	refused.has(t, "needs root", "mago: hint: ")
}

func (s *story) asTester(t *testing.T, args ...string) *exec.Cmd {
	become := []string{"setpriv", "--reuid=tester", "--regid=tester", "--init-groups", "env", "HOME=/home/tester", "USER=tester", "--chdir=/home/tester"}
	return s.Command(t.Context(), append(become, args...)...)
}

// chroot: bubblewrap cannot work in a plain chroot. mago says so, builds as its user all the same, and gives the same bytes.
func (s *story) chroot(t *testing.T) {
	before := s.read(t, s.debs["hello"])
	cmd := exec.CommandContext(t.Context(), "chroot", s.Dir, "mago", "-f", "build", "/root/hello", "-l", s.kernel)
	cmd.Env = debian.Environment()
	out := run(t, signed(cmd))
	out.matches(t, `as mago-build, no network.*bubblewrap`)
	if after := s.read(t, s.debs["hello"]); after != before {
		t.Error("the package differs from the one built in bubblewrap")
	}
}
