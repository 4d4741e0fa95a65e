package recipe

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mago/kbuild/dkms"
	"mago/kbuild/kernel"
)

// TestSettings: what an administrator has for other modules and kernels, and what dkms does not read, is no setting of a module.
func TestSettings(t *testing.T) {
	root := tree{
		"etc/dkms/framework.conf": "", "etc/dkms/framework.conf.d/a.conf": "", "etc/dkms/framework.conf.d/a.off": "",
		"etc/dkms/hello.conf": "", "etc/dkms/hello-1.0-6.1.0.conf": "", "etc/dkms/hello-2.0.conf": "", "etc/dkms/other.conf": "",
		"etc/dkms/hello/README": "", "etc/dkms/hello/run+": "", "etc/dkms/hello/sub/run+": "", "etc/dkms/hello/sub/text": "",
		"etc/dkms/hello/patches/a": "", "etc/dkms/hello/patches/sub/b": "", "etc/dkms/hello/patches/linked": "-> /etc/aside",
		"etc/dkms/hello/patches/dangling": "-> /nowhere", "etc/dkms/other/patches/a": "", "etc/aside": "", "opt/env": "",
	}.write(t, t.TempDir())
	printed := "mago-begin-of-conf|PACKAGE_NAME|0|hello|PACKAGE_VERSION|0|1.0|build_environment|0|/opt/env|mago-end-of-conf|"
	conf, err := dkms.Parse([]byte(strings.ReplaceAll(printed, "|", "\x00")))
	if err != nil {
		t.Fatal(err)
	}
	settings, err := Settings(root, conf, kernel.Kernel{Release: "6.1.0", Arch: "x86_64"})
	want := []string{
		"/etc/dkms/framework.conf", "/etc/dkms/framework.conf.d/a.conf", "/etc/dkms/hello-1.0-6.1.0.conf", "/etc/dkms/hello.conf",
		"/etc/dkms/hello/patches/a", "/etc/dkms/hello/patches/linked", "/etc/dkms/hello/patches/sub/b", "/etc/dkms/hello/run",
		"/etc/dkms/hello/sub/run", "/opt/env",
	}
	if got := slices.Sorted(maps.Keys(settings)); err != nil || !slices.Equal(got, want) {
		t.Errorf("got  %q, %v\nwant %q", got, err, want)
	}
	if got := settings["/etc/dkms/hello/patches/linked"]; got != filepath.Join(root, "etc/aside") {
		t.Errorf("a link leads to %s", got)
	}
	if err := os.Remove(filepath.Join(root, "opt/env")); err != nil {
		t.Fatal(err)
	}
	if settings, err := Settings(root, conf, kernel.Kernel{}); err != nil || settings["/opt/env"] != "" {
		t.Errorf("an environment that is not there: %q, %v", settings, err)
	}
}

// TestEnvironmentIsForBuilds: a dkms.conf can have its evaluation name a build_environment that the administrator did not, and the
// hash of what is a setting is there for everybody to read.
func TestEnvironmentIsForBuilds(t *testing.T) {
	root := tree{"opt/env": "", "opt/secret": "", "opt/closed/env": "", "opt/linked": "-> /root/pin", "root/pin": "", "proc/kcore": ""}.write(t, t.TempDir())
	if err := errors.Join(os.Chmod(filepath.Join(root, "opt/secret"), 0o600), os.Chmod(filepath.Join(root, "opt/closed"), 0o700)); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]bool{
		"/opt/env": true, "/opt/secret": false, "/opt/closed/env": false, "/opt/linked": false, "/root/pin": false, "/proc/kcore": false, "/opt": false, "/opt/no": false,
	} {
		printed := "mago-begin-of-conf|PACKAGE_NAME|0|hello|PACKAGE_VERSION|0|1.0|build_environment|0|" + file + "|mago-end-of-conf|"
		conf, err := dkms.Parse([]byte(strings.ReplaceAll(printed, "|", "\x00")))
		if err != nil {
			t.Fatal(err)
		}
		if settings, err := Settings(root, conf, kernel.Kernel{Release: "6.1.0", Arch: "x86_64"}); err != nil || (settings[file] != "") != want {
			t.Errorf("%s: %q, %v", file, settings, err)
		}
	}
}
