//go:build e2e

package e2e

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// unsigned is what lets mago take a source from the story's own archive, which apt does by its [trusted=yes].
const unsigned = "--allow-unauthenticated"

// upgrade: an archive comes to hold a newer source. mago sees that without being told, and builds and installs it once
// it is told that nobody need have signed that.
func (s *story) upgrade(t *testing.T) {
	before := s.version(t, "v4l2loopback")
	newer := s.publishNewer(t)
	exits(t, 16, s.Command(t.Context(), "mago", "status")).matches(t, `v4l2loopback +stale .*current: `+regexp.QuoteMeta(newer))
	refused := exits(t, 7, s.Command(t.Context(), "mago", "a-i", "v4l2loopback", "-l", s.kernel))
	refused.has(t, "v4l2loopback-dkms "+newer+": the archive it is in has no signature that apt has checked", "mago: hint: ", unsigned)
	s.autoInstall(t, "v4l2loopback", unsigned)
	s.run(t, "dpkg", "-s", s.packageName("v4l2loopback")).has(t, "without a checked signature")
	after := s.version(t, "v4l2loopback")
	if !strings.HasPrefix(after, newer+"+") {
		t.Errorf("version %s after %s, want %s+…", after, before, newer)
	}
	if got := s.modinfo(t, "newer", "v4l2loopback"); got != "yes" {
		t.Errorf("the installed module is not of the newer source: %q", got)
	}
	s.hasModule(t, "v4l2loopback.ko")
	s.mago(t, "status").matches(t, `v4l2loopback +present +`+regexp.QuoteMeta(newer)+`.* no checked signature covers v4l2loopback-dkms `)
	for _, command := range []string{"install", "build", "a-i"} {
		exits(t, 7, s.Command(t.Context(), "mago", command, "v4l2loopback", "-l", s.kernel)).has(t, "no signature that apt has checked", unsigned)
	}
}

// publishNewer makes an archive on the system with a newer v4l2loopback-dkms, whose modules say so.
func (s *story) publishNewer(t *testing.T) (version string) {
	s.run(t, "sh", "-c", "mkdir -p /srv/repo && cd /srv/repo && apt-get download v4l2loopback-dkms")
	debs, err := filepath.Glob(s.Path("/srv/repo/*.deb"))
	if err != nil || len(debs) != 1 {
		t.Fatal(debs, err)
	}
	tree := t.TempDir()
	run(t, exec.CommandContext(t.Context(), "dpkg-deb", "-R", debs[0], tree))
	edit(t, filepath.Join(tree, "DEBIAN/control"), func(control string) string {
		head, rest, _ := strings.Cut(control, "Version: ")
		old, rest, _ := strings.Cut(rest, "\n")
		version = old + "+newer1"
		return head + "Version: " + version + "\n" + rest
	})
	sources, err := filepath.Glob(filepath.Join(tree, "usr/src/v4l2loopback-*/v4l2loopback.c"))
	if err != nil || len(sources) != 1 {
		t.Fatal(sources, err)
	}
	edit(t, sources[0], func(code string) string { return code + "\nMODULE_INFO(newer, \"yes\");\n" })
	if err := os.Remove(filepath.Join(tree, "DEBIAN/md5sums")); err != nil {
		t.Fatal(err)
	}
	run(t, exec.CommandContext(t.Context(), "dpkg-deb", "--root-owner-group", "-b", tree, s.Path("/srv/repo/newer.deb")))
	s.index(t, "/srv/repo", "newer.deb")
	s.write(t, "/etc/apt/sources.list.d/local.list", "deb [trusted=yes] file:/srv/repo ./\n", 0o644)
	s.run(t, "apt-get", "update", "-o", "Dir::Etc::sourcelist=/etc/apt/sources.list.d/local.list", "-o", "Dir::Etc::sourceparts=-", "-o", "APT::Get::List-Cleanup=0")
	return version
}

// index writes the two files that make a directory with a package apt's source.
func (s *story) index(t *testing.T, dir, deb string) {
	content := s.read(t, dir+"/"+deb)
	control := run(t, exec.CommandContext(t.Context(), "dpkg-deb", "-f", s.Path(dir+"/"+deb)))
	packages := fmt.Sprintf("%sFilename: ./%s\nSize: %d\nSHA256: %x\n", control, deb, len(content), sha256.Sum256([]byte(content)))
	s.write(t, dir+"/Packages", packages, 0o644)
	s.write(t, dir+"/Release", fmt.Sprintf("Date: %s\nSHA256:\n %x %d Packages\n",
		time.Now().UTC().Format(time.RFC1123), sha256.Sum256([]byte(packages)), len(packages)), 0o644)
}

func edit(t *testing.T, path string, change func(string) string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(change(string(readFile(t, path)))), 0o644); err != nil {
		t.Fatal(err)
	}
}
