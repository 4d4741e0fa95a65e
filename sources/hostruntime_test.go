package sources

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
	r, err := system{rooted.Root(root)}.runtime(pkg)
	if err != nil {
		t.Fatal(err)
	}
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

// TestHostRuntimeThatCannotBeRead: what an installed package brought is not nothing because dpkg's records cannot be read, and
// Get neither leaves it out nor downloads the package instead.
func TestHostRuntimeThatCannotBeRead(t *testing.T) {
	const status, list = "var/lib/dpkg/status", "var/lib/dpkg/info/hello-dkms.list"
	for _, damage := range []struct {
		file, content, want string // "" for a directory in the file's place
	}{
		{status, "Package: hello-dkms\x00\n", "read dpkg's status: "},
		{status, "", "read dpkg's status: "},
		{list, "", "read dpkg's list of the files of hello-dkms: "},
	} {
		root := t.TempDir()
		write(t, filepath.Join(root, status), []byte("Package: hello-dkms\nStatus: install ok installed\nArchitecture: all\nVersion: 1.0-2\n"))
		write(t, filepath.Join(root, list), []byte("/etc/modprobe.d/hello.conf\n"))
		write(t, filepath.Join(root, "etc/modprobe.d/hello.conf"), nil)
		write(t, filepath.Join(root, "usr/src/hello-1.0/dkms.conf"), []byte(dkmsConf))
		f := &Fetcher{Root: rooted.Root(root), Cache: filepath.Join(root, "cache"), SystemSources: true, Run: unusable(t).Run}
		pkg := helloDKMS(nil)
		pkg.Installed = pkg.Version
		if tree, err := f.Get(t.Context(), pkg); err != nil || len(tree.Runtime.Paths) != 1 {
			t.Fatalf("before: %+v, %v", tree, err)
		}
		bad := filepath.Join(root, damage.file)
		if err := os.Remove(bad); err != nil {
			t.Fatal(err)
		}
		if write(t, bad, []byte(damage.content)); damage.content == "" {
			if err := errors.Join(os.Remove(bad), os.Mkdir(bad, 0o755)); err != nil {
				t.Fatal(err)
			}
		}
		if tree, err := f.Get(t.Context(), pkg); err == nil || !strings.Contains(err.Error(), damage.want) {
			t.Errorf("%s: got %+v, %v, want %q", damage.file, tree, err, damage.want)
		}
		if _, ok := f.Cached(pkg); ok {
			t.Errorf("%s: cached", damage.file)
		}
	}
}
