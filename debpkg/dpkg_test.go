package debpkg

import (
	"os"
	"path/filepath"
	"testing"
)

// TestRealDpkgInstalls goes where dpkg-deb's checks do not reach: dpkg unpacks data.tar with a reader of its own.
func TestRealDpkgInstalls(t *testing.T) {
	needs(t, "dpkg", "dpkg-query")
	if os.Getuid() != 0 {
		t.Skip("dpkg installs as root only")
	}
	for _, format := range allCompressions {
		t.Run(string(format), func(t *testing.T) {
			root := t.TempDir()
			for _, dir := range []string{"updates", "info", "triggers"} {
				writeFile(t, filepath.Join(root, "var/lib/dpkg/status"), "")
				if err := os.MkdirAll(filepath.Join(root, "var/lib/dpkg", dir), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			p := examplePackage()
			p.Scripts = nil // a root without a shell
			deb, err := Write(root, p, Options{Compression: format})
			if err != nil {
				t.Fatal(err)
			}
			output(t, "dpkg", "--root="+root, "--log=/dev/null", "--force-script-chrootless", "-i", deb)
			checkInstalled(t, root)
			if verify := output(t, "dpkg", "--root="+root, "--verify", p.field("Package")); verify != "" {
				t.Errorf("dpkg --verify: %s", verify)
			}
			output(t, "dpkg", "--root="+root, "--log=/dev/null", "--remove", p.field("Package"))
			if _, err := os.Stat(filepath.Join(root, longName)); !os.IsNotExist(err) {
				t.Errorf("after removal: %v", err)
			}
		})
	}
}

func checkInstalled(t *testing.T, root string) {
	t.Helper()
	show := []string{"--admindir=" + filepath.Join(root, "var/lib/dpkg"), "--show", "--showformat=${Version} ${Status}"}
	if got := output(t, "dpkg-query", append(show, "example-modules-6.1.0-9-amd64")...); got != "1:2.0-3+6.1.55-1 install ok installed" {
		t.Errorf("status: %s", got)
	}
	if info, err := os.Stat(filepath.Join(root, longName)); err != nil || info.Size() != 3<<20 {
		t.Errorf("long name: %v, %v", info, err)
	}
	if link, err := os.Readlink(filepath.Join(root, "usr/share/doc/example-modules")); err != nil || link != "example" {
		t.Errorf("link: %q, %v", link, err)
	}
}
