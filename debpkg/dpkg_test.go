package debpkg

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestRealDpkgInstalls goes where dpkg-deb's checks do not reach: dpkg unpacks data.tar with a reader of its own.
func TestRealDpkgInstalls(t *testing.T) {
	needs(t, "dpkg")
	if os.Getuid() != 0 {
		t.Skip("dpkg installs as root only")
	}
	for _, format := range allCompressions {
		t.Run(string(format), func(t *testing.T) {
			root := emptyDpkgRoot(t)
			in := &Installer{Root: root, NonInteractive: true, Run: dpkgInto(root)}
			p := examplePackage()
			p.Scripts = nil // a root without a shell
			deb, err := Write(root, p, Options{Compression: format})
			if err != nil {
				t.Fatal(err)
			}
			if err := in.Install(context.Background(), deb); err != nil {
				t.Fatal(err)
			}
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

func emptyDpkgRoot(t *testing.T) string {
	t.Helper()
	root := testRoot(t, "")
	for _, dir := range []string{"updates", "info", "triggers"} {
		if err := os.MkdirAll(filepath.Join(root, "var/lib/dpkg", dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// dpkgInto runs dpkg on root from outside, since an empty root has no dpkg to enter.
func dpkgInto(root string) func(*exec.Cmd) error {
	return func(cmd *exec.Cmd) error {
		options := []string{"--root=" + root, "--log=/dev/null", "--force-script-chrootless"}
		args := append(append([]string{"dpkg"}, options...), cmd.Args[1:]...)
		for i, arg := range args {
			if strings.HasSuffix(arg, ".deb") {
				args[i] = root + arg
			}
		}
		cmd.Args = args
		return cmd.Run()
	}
}

func checkInstalled(t *testing.T, root string) {
	t.Helper()
	s, err := ReadStatus(root)
	if err != nil {
		t.Fatal(err)
	}
	if p, ok := s.Installed("example-modules-6.1.0-9-amd64"); !ok || p.Version != "1:2.0-3+6.1.55-1" {
		t.Errorf("status: %+v, %v", p, ok)
	}
	if info, err := os.Stat(filepath.Join(root, longName)); err != nil || info.Size() != 3<<20 {
		t.Errorf("long name: %v, %v", info, err)
	}
	if link, err := os.Readlink(filepath.Join(root, "usr/share/doc/example-modules")); err != nil || link != "example" {
		t.Errorf("link: %q, %v", link, err)
	}
}
