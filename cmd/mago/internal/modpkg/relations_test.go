package modpkg

import "testing"

// The fields are those of Debian's packages, as bookworm has them; what stays is what their modules need at work.
func TestRunning(t *testing.T) {
	for _, c := range []struct{ name, field, want string }{
		{"nothing", "", ""},
		{"zfs-dkms", "dkms (>> 2.1.1.2-5), file, libc6-dev | libc-dev, lsb-release, " +
			"python3-distutils | libpython3-stdlib (<< 3.6.4), debconf (>= 0.5) | debconf-2.0, perl:any", ""},
		{"zfs-dkms, recommended", "zfs-zed, zfsutils-linux (>= 2.1.11-1), linux-libc-dev (<< 6.2) | linux-libc-dev (>= 6.2)",
			"zfs-zed, zfsutils-linux (>= 2.1.11-1)"},
		{"digimend-dkms", "dkms (>= 2.1.0.0), xserver-xorg-input-wacom", "xserver-xorg-input-wacom"},
		{"jool-dkms", "dkms (>= 2.1.0.0), libxtables12", "libxtables12"},
		{"nvidia-kernel-dkms", "nvidia-kernel-support--v1, nvidia-installer-cleanup, dkms (>= 3.0.11), nvidia-modprobe [amd64]",
			"nvidia-kernel-support--v1, nvidia-installer-cleanup, nvidia-modprobe [amd64]"},
		{"broadcom-sta-dkms", "dkms (>= 2.1.0.0), broadcom-sta-common (>= 6.30.223.271-23)", "broadcom-sta-common (>= 6.30.223.271-23)"},
		{"module-assistant's", "debhelper-compat (= 13), module-assistant, bzip2, quilt, make, gcc-12", ""},
		{"a source as the second choice", "card-common (>= 1) | card-dkms | card-libs, udev", "card-common (>= 1) | card-libs, udev"},
		{"folded", "dkms,\n virtualbox (>= 7.0),\n xz-utils", "virtualbox (>= 7.0)"},
		{"names that only begin alike", "makedumpfile, gccgo-doc, filebeat, perl-firmware", "makedumpfile, gccgo-doc, filebeat, perl-firmware"},
	} {
		if got := Running(c.field); got != c.want {
			t.Errorf("%s: Running(%q) = %q, want %q", c.name, c.field, got, c.want)
		}
	}
}

func TestBuildNeeds(t *testing.T) {
	for _, c := range []struct{ module, field, want string }{
		{"iptables-netflow", "dkms, libxtables-dev, libc6-dev, libc6 (>= 2.34), pkg-config", "libxtables-dev, libc6-dev, pkg-config"},
		{"west-chamber", "xtables-addons-common (>= 3.27-4~), dkms (>= 3.0.11)", "xtables-addons-common (>= 3.27-4~)"},
		{"broadcom-sta", "dkms (>= 2.1.0.0), broadcom-sta-common (>= 6.30.223.271-23)", ""},
	} {
		if got := BuildNeeds(c.module, c.field); got != c.want {
			t.Errorf("%s: BuildNeeds(%q) = %q, want %q", c.module, c.field, got, c.want)
		}
	}
}

func TestJoin(t *testing.T) {
	for _, c := range []struct {
		fields []string
		want   string
	}{
		{nil, ""},
		{[]string{"", ""}, ""},
		{[]string{"linux-image-6.1.0-9-amd64", "zfs-zed, zfsutils-linux (>= 2.1)"}, "linux-image-6.1.0-9-amd64, zfs-zed, zfsutils-linux (>= 2.1)"},
		{[]string{"zfs-modules", "zfs-modules (= 2.1), spl-modules"}, "zfs-modules, zfs-modules (= 2.1), spl-modules"},
		{[]string{"a:any | b", "a (>= 1), b"}, "a:any | b, a (>= 1), b"},
		{[]string{"a (>= 1), a (<< 2)", "a, a (<< 2), a | b"}, "a (>= 1), a (<< 2)"},
	} {
		if got := Join(c.fields...); got != c.want {
			t.Errorf("Join(%q) = %q, want %q", c.fields, got, c.want)
		}
	}
}
