//go:build e2e

package e2e

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mago/cmd/lab/internal/debian"
	"mago/cmd/lab/internal/same"
)

// user: without any right, the same source becomes the same package, byte for byte; installing it is refused.
func (s *story) user(t *testing.T) {
	s.run(t, "useradd", "--create-home", "tester")
	run(t, s.asTester(t, "mago", "-u", "/home/tester/m", unsigned, "get", "v4l2loopback"))
	run(t, s.asTester(t, "mago", "-u", "/home/tester/m", unsigned, "-v", "build", "v4l2loopback", "-l", s.kernel)).has(t, "tester in bubblewrap, no network")
	own := filepath.Join("/home/tester/m/debs", filepath.Base(s.debs["v4l2loopback"]))
	if s.read(t, own) != s.read(t, s.debs["v4l2loopback"]) {
		t.Errorf("%s and root's %s differ", own, s.debs["v4l2loopback"])
	}
	refused := exits(t, 13, s.asTester(t, "mago", "-u", "/home/tester/m", "install", "v4l2loopback", "-l", s.kernel))
	refused.has(t, "needs root", "mago: hint: ")
}

func (s *story) asTester(t *testing.T, args ...string) *exec.Cmd {
	become := []string{"setpriv", "--reuid=tester", "--regid=tester", "--init-groups", "env", "--chdir=/home/tester", "HOME=/home/tester", "USER=tester"}
	return s.Command(t.Context(), append(become, args...)...)
}

// sameBytes: another user, in another place, with one core, another clock and what else may differ, gives the same packages.
func (s *story) sameBytes(t *testing.T) {
	if err := same.Prepare(t.Context(), s.System); err != nil {
		t.Fatal(err)
	}
	var local, archived []string
	for _, module := range modules {
		word := cmp.Or(words[module], module)
		if module == "v4l2loopback" {
			continue // its newer source, which nobody has signed, another user has built
		}
		if !strings.HasPrefix(word, "./") {
			archived = append(archived, word)
			continue
		}
		local = append(local, word)
		if err := os.CopyFS(s.Path(filepath.Join(same.Sources, word)), os.DirFS(s.Path(filepath.Join("/root", word)))); err != nil {
			t.Fatal(err)
		}
	}
	way := same.Elsewhere
	way.Late = true
	s.buildsSame(t, way, archived)
	way.Env = maintainer
	s.buildsSame(t, way, local)
}

// buildsSame expects a way of building to give the packages that the story has, and no others.
func (s *story) buildsSame(t *testing.T, way same.Way, words []string) {
	dir, output, err := way.Build(t.Context(), s.System, s.kernel, words...)
	t.Logf("%s", output)
	if err != nil {
		t.Fatal(err)
	}
	differences, err := same.Compare(dir, filepath.Dir(s.Path(s.debs["hello"])))
	if err != nil {
		t.Error(err)
	}
	for _, line := range differences {
		t.Error(line)
	}
}

// chroot: bubblewrap cannot work in a plain chroot. mago says so, builds as its user all the same, and gives the same bytes.
func (s *story) chroot(t *testing.T) {
	run(t, signed(s.Command(t.Context(), "mago", "-f", "build", "/root/hello", "-l", s.kernel)))
	before := s.read(t, s.debs["hello"])
	inside := func(script string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), "unshare", "--mount", "sh", "-c", script+`exec chroot "$0" mago -f build /root/hello -l "$1"`, s.Dir, s.kernel)
		cmd.Env = debian.Environment()
		return signed(cmd)
	}
	exits(t, 6, inside("")).has(t, "/proc is not mounted here", "mago: hint: ")
	out := run(t, inside(`mount -t proc proc "$0/proc" && `))
	out.matches(t, `sandbox  mago-build, no network.*bubblewrap`)
	if after := s.read(t, s.debs["hello"]); after != before {
		t.Error("the package differs from the one built in bubblewrap")
	}
}
