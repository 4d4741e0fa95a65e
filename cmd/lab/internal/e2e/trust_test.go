//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// othersPlaces: another user writes to the directory for packages, and has a cache and links that root is to fall for. The
// tester's package would leave a file behind.
func (s *story) othersPlaces(t *testing.T) {
	const theirs = "/srv/incoming"
	s.run(t, "install", "-d", "-o", "tester", theirs)
	s.mago(t, "a-b", "./hello", "-l", s.kernel, "--dest", theirs)
	deb := filepath.Join(theirs, filepath.Base(s.debs["hello"]))
	s.write(t, "/tmp/evil.sh", `set -e
mkdir -p /home/tester/evil/DEBIAN && cd /home/tester/evil
dpkg-deb -f "$1" > DEBIAN/control
printf '#!/bin/sh\ntouch /caught\n' > DEBIAN/postinst && chmod 755 DEBIAN/postinst
dpkg-deb --root-owner-group -b . "$2/evil" && mv "$2/evil" "$1"
ln -s /etc "$2/link"
`, 0o755)
	run(t, s.asTester(t, "sh", "/tmp/evil.sh", deb, theirs))
	s.mago(t, "install", "-f", "./hello", "-l", s.kernel, "--dest", theirs)
	if _, err := os.Stat(s.Path("/caught")); err == nil {
		t.Error("root has installed the tester's package")
	}
	exits(t, 2, s.Command(t.Context(), "mago", "a-b", "./hello", "-l", s.kernel, "--dest", theirs+"/link")).has(t, "is a link that belongs to tester")
	exits(t, 1, s.Command(t.Context(), "mago", "-u", "/home/tester/m", "install", "v4l2loopback", "-l", s.kernel)).has(t, "/home/tester may be changed by tester", "mago: hint: ")
	s.run(t, "rm", "-r", theirs, "/tmp/evil.sh")
}

// secret stands in a source that only root may read, and nowhere else.
const secret = "for nobody else's eyes"

// privateSource: while root builds what only root may read, from a directory and from a tarball, another user looks for it
// wherever mago keeps things. A link in that user's own source leads there too.
func (s *story) privateSource(t *testing.T) {
	s.run(t, "sh", "-c", `cp -r /root/hello /root/private && echo "$0" > /root/private/notes && chmod 700 /root/private && chmod 600 /root/private/* &&
		tar -C /root -cf /root/private.tar private && chmod 600 /root/private.tar`, secret)
	watch := s.asTester(t, "sh", "-c", `until [ -e /tmp/stop ]; do grep -rlsF "$0" /var/cache/mago /tmp /var/tmp || true; done`, secret)
	found, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	watch.Stdout = found
	if err := watch.Start(); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"bubblewrap", "namespaces", "user"} {
		s.mago(t, "a-b", "-f", "--sandbox", kind, "--name", "private", "./private", "-l", s.kernel)
	}
	s.mago(t, "a-b", "-f", "--name", "private", "/root/private.tar", "-l", s.kernel)
	s.write(t, "/tmp/stop", "", 0o644)
	if err := watch.Wait(); err != nil {
		t.Error(err)
	}
	if text := string(readFile(t, found.Name())); text != "" {
		t.Errorf("another user has read it in:\n%s", text)
	}
	run(t, s.asTester(t, "sh", "-c", "mkdir linking && cp /dev/null linking/Makefile && ln -s /root/private/notes linking/dkms.conf"))
	shown := exits(t, 9, s.Command(t.Context(), "mago", "a-b", "/home/tester/linking", "-l", s.kernel))
	if strings.Contains(string(shown), secret) {
		t.Error("root reads for another user what a link leads to")
	}
	s.run(t, "rm", "-r", "/root/private", "/root/private.tar", "/home/tester/linking", "/tmp/stop")
	s.mago(t, "purge", "private")
}
