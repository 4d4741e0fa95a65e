package modpkg

import (
	"testing"

	"mago/debpkg"
)

func TestName(t *testing.T) {
	for _, c := range []struct{ module, release, want string }{
		{"v4l2loopback", "6.1.0-56-amd64", "v4l2loopback-modules-6.1.0-56-amd64"},
		{"nvidia-current", "6.12.9+bpo-rt-amd64", "nvidia-current-modules-6.12.9+bpo-rt-amd64"},
		{"zfs", "6.5.0-rc1+", "zfs-modules-6.5.0-rc1+"},
		{"zfs", "6.5.0_Custom~1", "zfs-modules-6.5.0-custom-1"},
		{"Hello", "5.10.0-Ärger", "hello-modules-5.10.0--rger"},
	} {
		if got := Name(c.module, c.release); got != c.want {
			t.Errorf("Name(%q, %q) = %q, want %q", c.module, c.release, got, c.want)
		}
	}
}

func TestVersion(t *testing.T) {
	for _, c := range []struct{ source, kernel, want string }{
		{"0.12.7-2", "6.1.27-1", "0.12.7-2+6.1.27-1"},
		{"1:2.1.11-1+deb12u1", "6.1.27-1", "1:2.1.11-1+deb12u1+6.1.27-1"},
		{"1.0", "2:6.1.27-1~bpo11+1", "1.0+6.1.27-1~bpo11+1"}, // the kernel's epoch could not stand in the middle
		{"1:1.0", "2:6.1", "1:1.0+6.1"},                       //
		{"1.0-1", "6.5.0_custom/1", "1.0-1+6.5.0.custom.1"},   // a release that no package owns
		{"1.0-1", "6.5.0-rc1-00123-gdeadbeef", "1.0-1+6.5.0-rc1-00123-gdeadbeef"},
	} {
		if got := Version(c.source, c.kernel); got != c.want {
			t.Errorf("Version(%q, %q) = %q, want %q", c.source, c.kernel, got, c.want)
		}
	}
}

// The order of versions is what decides whether a unit is stale: by source first, then by kernel.
func TestVersionOrder(t *testing.T) {
	ordered := []string{
		Version("1.0-1", "6.1.27-1~bpo11+1"), Version("1.0-1", "6.1.27-1"), Version("1.0-1", "6.1.153-1"),
		Version("1.0-2", "6.1.27-1"), Version("1:0.5-1", "6.1.27-1"),
	}
	for i := 1; i < len(ordered); i++ {
		if debpkg.CompareVersions(ordered[i-1], ordered[i]) >= 0 {
			t.Errorf("%s is not older than %s", ordered[i-1], ordered[i])
		}
	}
	if debpkg.CompareVersions("", ordered[0]) >= 0 {
		t.Error("no version is not older than one")
	}
}

func TestParseName(t *testing.T) {
	for name, want := range map[string][2]string{
		"hello-modules-6.1.0-9-amd64":         {"hello", "6.1.0-9-amd64"},
		"hello-modules-common":                {"hello", ""},
		"linux-modules-6.17.8+deb14-amd64":    {},
		"perl-modules-5.36":                   {},
		"a-modules-b-modules-6.12.9-rt-arm64": {"a-modules-b", "6.12.9-rt-arm64"},
	} {
		if module, release := ParseName(name); module != want[0] || release != want[1] {
			t.Errorf("%s: %q, %q", name, module, release)
		}
	}
}
