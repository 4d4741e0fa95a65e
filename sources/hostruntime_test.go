package sources

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"mago/debpkg/rooted"
)

// TestHostRuntime: what is taken over lies in the root, whatever links there are, and the package itself has brought it.
func TestHostRuntime(t *testing.T) {
	root, outside := t.TempDir(), t.TempDir()
	write(t, filepath.Join(outside, "secret"), []byte("x"))
	write(t, filepath.Join(root, "var/lib/dpkg/status"), []byte("Package: hello-dkms\nStatus: install ok installed\nArchitecture: all\nVersion: 1.0-1\nConffiles:\n"+
		" /etc/modprobe.d/hello.conf 9dd4e461268c8034f5c8564e155c67a6\n /etc/modprobe.d/old.conf 0123456789abcdef0123456789abcdef obsolete\n"+
		" /etc/modprobe.d/mine.conf 0123456789abcdef0123456789abcdef\n"))
	write(t, filepath.Join(root, "var/lib/dpkg/info/hello-dkms.list"), []byte("/.\n/etc\n/etc/modprobe.d\n/etc/modprobe.d/hello.conf\n/etc/modprobe.d/old.conf\n"+
		"/etc/modprobe.d/mine.conf\n/lib/udev/hello.rules\n/usr/lib/hello/link\n/srv/out/secret\n/usr/lib/hello\n/gone\n"))
	for _, name := range []string{"hello", "old", "mine"} {
		write(t, filepath.Join(root, "etc/modprobe.d", name+".conf"), []byte("x"))
	}
	rules := write(t, filepath.Join(root, "usr/lib/udev/hello.rules"), []byte("x"))
	write(t, filepath.Join(root, "usr/lib/hello/file"), nil)
	write(t, filepath.Join(root, "srv/file"), nil)
	for name, to := range map[string]string{"lib": "/usr/lib", "srv/out": outside, "usr/lib/hello/link": "file"} {
		if err := os.Symlink(to, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	pkg := helloDKMS(nil)
	pkg.Installed = pkg.Version
	r := (&Fetcher{Root: rooted.Root(root)}).hostRuntime(pkg)
	if want := []string{"/etc/modprobe.d/hello.conf", "/lib/udev/hello.rules", "/usr/lib/hello/link"}; !slices.Equal(r.Paths, want) {
		t.Errorf("paths %q, want %q", r.Paths, want)
	}
	if want := []string{"/etc/modprobe.d/mine.conf"}; !slices.Equal(r.Edited, want) {
		t.Errorf("edited %q, want %q", r.Edited, want)
	}
	if disk, err := r.OnDisk("/lib/udev/hello.rules"); err != nil || disk != rules {
		t.Errorf("%q, %v, want %s", disk, err, rules)
	}
	if disk, err := r.OnDisk("/srv/out/secret"); err != nil || disk != filepath.Join(root, outside, "secret") {
		t.Errorf("%q, %v", disk, err)
	}
}
