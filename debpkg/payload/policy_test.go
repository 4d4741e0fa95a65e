package payload

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

// brought makes entries: "path", "path -> target", "path/" for a directory.
func brought(specs ...string) (p Package) {
	p.Name = "hello-modules-common"
	for _, spec := range specs {
		name, target, _ := strings.Cut(spec, " -> ")
		e := Entry{Path: name, Link: target}
		if rest, ok := strings.CutSuffix(name, "//"); ok {
			e.Path, e.Mode = rest, fs.ModeDir|0o755
		}
		p.Entries = append(p.Entries, e)
	}
	return p
}

// real is what the module packages of Debian 12 and 13 bring beside sources and documents, by module.
var real = map[string][]string{
	"broadcom-sta": {"/etc/modprobe.d/broadcom-sta-dkms.conf", "/usr/share/broadcom-sta/broadcom-sta.ids", "/usr/share/metainfo/com.broadcom.linux.broadcom_sta.dkms.metainfo.xml"},
	"dahdi":        {"/usr/include/dahdi/kernel.h", "/usr/share/metainfo/dahdi-dkms.metainfo.xml"},
	"digimend":     {"/etc/modprobe.d/digimend-dkms.conf", "/lib/udev/hid-rebind", "/lib/udev/rules.d/90-digimend.rules", "/usr/sbin/digimend-debug"},

	"iptables-netflow": {"/usr/lib/x86_64-linux-gnu/xtables/libip6t_NETFLOW.so", "/usr/lib/x86_64-linux-gnu/xtables/libipt_NETFLOW.so"},
	"librem-ec-acpi":   {"/usr/share/initramfs-tools/modules.d/librem-ec-acpi-dkms.conf"},
	"mimic":            {"/usr/lib/mimic/extract-btf", "/usr/lib/mimic/resolve_btfids"},
	"nvidia-kernel":    {"/usr/share/bug/nvidia-kernel-dkms/control", "/usr/share/bug/nvidia-kernel-dkms/script"},
	"openrazer-driver": {"/lib/udev/razer_mount", "/usr/lib/udev/rules.d/99-razer.rules", "/usr/share/metainfo/io.github.openrazer.openrazer.metainfo.xml"},
	"r8168":            {"/etc/modprobe.d/r8168-dkms.conf", "/usr/share/initramfs-tools/hooks/r8168-dkms"},
	"vhba":             {"/etc/modules-load.d/vhba.conf", "/usr/lib/udev/rules.d/60-vhba-dkms.rules"},
	"vpb-driver":       {"/usr/share/vpb-driver/fetch-openline-firmware"},
	"hello": {
		"/lib/modules/6.1.0-9-amd64/updates/mago/hello.ko.xz", "/lib/depmod.d/hello-modules-6.1.0-9-amd64.conf", "/usr/share/doc/hello-modules-common/copyright",
		"/lib/firmware/hello/a.bin", "/lib/firmware/hello/b.bin -> a.bin", "/usr/lib/udev/hwdb.d/60-hello.hwdb", "/usr/share/initramfs-tools/scripts/init-top/hello",
		"/usr/lib/dracut/modules.d/50hello/module-setup.sh", "/usr/lib/pkgconfig/hello.pc", "/usr/lib/aarch64-linux-gnu/pkgconfig/hello.pc", "/usr/bin/hello",
		"/usr/sbin/hello-config -> ../bin/hello", "/usr/lib/hello/greet", "/usr/lib/x86_64-linux-gnu/hello/plugin.so", "/usr/libexec/hello-helper", "/usr/share/man/man8/hello.8.gz",
		"/usr/share/hello-data/x -> /etc/modprobe.d/hello.conf", "/usr/lib/x86_64-linux-gnu/libhello.a",
	},
}

func TestRealPackages(t *testing.T) {
	for module, paths := range real {
		grants, err := Policy{Module: module, Local: true}.Check(brought(paths...))
		if err != nil || len(grants) > 0 {
			t.Errorf("%s: %v, beside the rules %v", module, err, grants)
		}
	}
}

// hostile is what no module may bring.
var hostile = strings.Fields(`
	/root/.ssh/authorized_keys /etc/cron.d/hello /etc/cron.daily/hello /var/spool/cron/crontabs/root /boot/grub/grub.cfg /boot/initrd.img-6.1.0-9-amd64
	/usr/local/sbin/depmod /usr/local/bin/hello /usr/local/lib/libhello.so.1 /etc/ld.so.conf.d/hello.conf /etc/ld.so.preload /etc/passwd /etc/shadow
	/etc/sudoers.d/hello /etc/pam.d/hello /usr/lib/pam.d/hello /etc/profile.d/hello.sh /etc/apt/apt.conf.d/99hello /etc/dpkg/dpkg.cfg.d/hello
	/etc/kernel/postinst.d/hello /etc/initramfs-tools/hooks/hello /etc/systemd/system/hello.service /usr/lib/systemd/system/hello.service
	/lib/systemd/system-generators/hello /lib/systemd/system-sleep/hello /usr/lib/tmpfiles.d/hello.conf /usr/lib/sysusers.d/hello.conf /usr/lib/sysctl.d/hello.conf
	/usr/lib/binfmt.d/hello.conf /usr/lib/environment.d/hello.conf /usr/lib/kernel/install.d/hello.install /usr/share/polkit-1/rules.d/hello.rules
	/usr/share/polkit-1/actions/hello.policy /usr/share/dbus-1/system-services/hello.service /usr/share/dbus-1/system.d/hello.conf /etc/dbus-1/system.d/hello.conf
	/usr/lib/apt/methods/hello /usr/lib/dpkg/methods/hello /var/lib/dpkg/info/hello.postinst /var/lib/dpkg/status /etc/init.d/hello /etc/default/hello
	/usr/lib/NetworkManager/dispatcher.d/hello /usr/share/bash-completion/completions/hello /usr/lib/python3/dist-packages/hello.pth /usr/share/perl5/hello.pm
	/usr/lib/x86_64-linux-gnu/perl5/hello.pm /usr/lib/x86_64-linux-gnu/security/pam_hello.so /usr/lib/security/pam_hello.so /usr/lib/x86_64-linux-gnu/gconv/hello.so
	/usr/lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v2/libhello.so.1 /usr/lib/x86_64-linux-gnu/tls/libhello.so /usr/lib/x86_64-linux-gnu/libnss_hello.so.2
	/usr/lib/x86_64-linux-gnu/ld-hello.so.2 /usr/lib/x86_64-linux-gnu/hello.so /lib64/ld-linux-x86-64.so.2 /usr/lib64/libhello.so.1 /usr/lib32/libhello.so.1
	/usr/src/linux-headers-6.1.0-9-amd64/Makefile /usr/src/hello-1.0/dkms.conf /lib/modules/6.1.0-9-amd64/kernel/fs/ext4/ext4.ko /lib/modules/6.1.0-9-amd64/modules.dep
	/lib/modules/6.1.0-9-amd64/updates/dkms/hello.ko /etc/modprobe.d/hello /etc/modprobe.d/sub/hello.conf /etc/udev/udev.conf /etc/udev/rules.d/hello.rules.d/x
	/etc/dracut.conf.d/hello.conf /usr/lib/dracut/modules.d/99base/module-setup.sh /usr/share/initramfs-tools/hook-functions /usr/share/initramfs-tools/init
	/usr/share/doc/other/copyright /usr/share/other/x /usr/lib/other/x /usr/lib/helloother/x /usr/share /usr/share/doc /usr /etc /bin /usr/bin /lib /opt/hello/x
	/srv/hello /home/alice/.bashrc /tmp/hello /run/hello /dev/hello /proc/hello /var/lib/hello/x /var/spool/hello /hello /usr/games/hello /usr/lib/hello /usr/share/hello /usr/lib/x86_64-linux-gnu/hello`[1:])

func TestHostilePackages(t *testing.T) {
	p := Policy{Module: "hello"}
	for _, path := range hostile {
		_, err := p.Check(brought(path))
		var refused *RefusedError
		if !errors.As(err, &refused) || !slices.Equal(refused.Allowable(), []string{path}) {
			t.Errorf("%s: %v", path, err)
		}
		glob, err := ParseGlob(Literal(path))
		if err != nil {
			t.Fatal(err)
		}
		p := Policy{Module: "hello", Allow: []Glob{glob}}
		if grants, err := p.Check(brought(path)); err != nil || !slices.Equal(grants, []Grant{{path, path}}) {
			t.Errorf("%s, allowed: %v, %v", path, grants, err)
		}
		p = Policy{Module: "hello", Vouched: []string{path}}
		if grants, err := p.Check(brought(path)); err != nil || !slices.Equal(grants, []Grant{{path, Archive}}) {
			t.Errorf("%s, of an archive's package: %v, %v", path, grants, err)
		}
	}
}

// TestReservedNames: a module that is called like somebody's directory does not get it by that.
func TestReservedNames(t *testing.T) {
	for module, path := range map[string]string{
		"apt": "/usr/lib/apt/methods/http2", "systemd": "/usr/lib/systemd/system/x.service", "kernel": "/usr/lib/kernel/install.d/x.install", "polkit": "/usr/share/polkit-1/rules.d/x.rules",
		"dbus": "/usr/share/dbus-1/system.d/x.conf", "binfmt.d": "/usr/lib/binfmt.d/x.conf", "security": "/usr/lib/x86_64-linux-gnu/security/pam_x.so", "python3": "/usr/lib/python3/dist-packages/x.pth",
		"perl": "/usr/lib/x86_64-linux-gnu/perl-base/x.pm", "bash": "/usr/share/bash-completion/completions/ls", "glibc": "/usr/lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v3/libz.so.1", "sudo": "/usr/libexec/sudo/sudoers.so",
		"": "/usr/lib/x/y", "initramfs": "/usr/share/initramfs-tools/init", "haswell": "/usr/lib/x86_64-linux-gnu/haswell/libz.so.1", "pam": "/usr/share/pam-configs/x",
	} {
		if _, err := (Policy{Module: module}).Check(brought(path)); err == nil {
			t.Errorf("%s may bring %s", module, path)
		}
	}
}

// TestDodges are ways around the rules that nobody can allow.
func TestDodges(t *testing.T) {
	everything, err := ParseGlob("/**")
	if err != nil {
		t.Fatal(err)
	}
	mode := func(path string, mode fs.FileMode) Package {
		return Package{Entries: []Entry{{Path: path, Mode: mode}}}
	}
	for name, packages := range map[string][]Package{
		"up":              {brought("/usr/lib/hello/../../../etc/cron.d/x")},
		"up at the end":   {brought("/usr/share/hello/..")},
		"dot":             {brought("/usr/share/hello/./x")},
		"two slashes":     {brought("/usr//share/hello/x")},
		"trailing slash":  {brought("/usr/share/hello/x/")},
		"relative":        {brought("usr/share/hello/x")},
		"newline":         {brought("/usr/share/hello/x\n/etc/cron.d/x")},
		"escape":          {brought("/usr/share/hello/\x1b[2J")},
		"8-bit escape":    {brought("/usr/share/hello/\u009b2J")},
		"right to left":   {brought("/usr/share/hello/\u202egpj.sh")},
		"not UTF-8":       {brought("/usr/share/hello/\xff")},
		"link's escape":   {brought("/usr/share/hello/x -> \x1b[2J")},
		"below a link":    {brought("/usr/share/hello -> /usr/lib/systemd/system", "/usr/share/hello/x.service")},
		"another's link":  {brought("/usr/share/hello -> /usr/lib/systemd"), brought("/usr/share/hello/system/x.service")},
		"by another name": {brought("/lib/hello -> /usr/share/hello"), brought("/usr/lib/hello/x")},
		"below a file":    {brought("/usr/share/hello", "/usr/share/hello/x")},
		"both names":      {brought("/lib/udev/rules.d/x.rules", "/usr/lib/udev/rules.d/x.rules")},
		"two packages":    {brought("/usr/bin/hello"), brought("/bin/hello")},
		"link, directory": {brought("/usr/share/hello -> /etc", "/usr/share/hello//")},
		"setuid":          {mode("/usr/bin/hello", 0o755|fs.ModeSetuid)},
		"setgid":          {mode("/usr/bin/hello", 0o755|fs.ModeSetgid)},
		"for all":         {mode("/usr/bin/hello", 0o777)},
		"for the group":   {mode("/usr/share/hello/x", 0o664)},
		"open directory":  {mode("/usr/share/hello", 0o777|fs.ModeDir)},
		"device":          {{Entries: []Entry{{Path: "/usr/share/hello/sda", Odd: "a device or pipe"}}}},
		"hard link":       {{Entries: []Entry{{Path: "/usr/share/hello/x", Odd: "a hard link"}}}},
	} {
		_, err := Policy{Module: "hello", Allow: []Glob{everything}}.Check(packages...)
		var refused *RefusedError
		if !errors.As(err, &refused) || refused.Allowable() != nil {
			t.Errorf("%s: %v", name, err)
		} else if !isShown(err.Error()) {
			t.Errorf("%s: %q", name, err)
		}
	}
}

func TestLinks(t *testing.T) {
	for spec, ok := range map[string]bool{
		"/usr/share/hello/x -> y": true, "/usr/share/hello/x -> ../../lib/hello/y": true, "/usr/bin/x -> /bin/sh": true, "/usr/share/hello/x -> /etc/modprobe.d/hello.conf": true,
		"/usr/bin/hello -> /tmp/hello": false, "/usr/bin/hello -> /home/alice/hello": false, "/usr/sbin/hello -> /usr/local/bin/hello": false, "/usr/share/hello/x -> /etc/shadow": false,
		"/etc/udev/rules.d/60-x.rules -> /dev/null": false, "/etc/modprobe.d/x.conf -> ../../tmp/x": false, "/usr/share/hello -> /": false, "/usr/share/hello -> ../../etc/cron.d": false,
		"/usr/share/hello/x -> /usr/../etc/shadow": false, "/usr/bin/x -> //tmp/x": false, "/usr/bin/x -> /usr/./local/bin/x": false,
	} {
		if _, err := (Policy{Module: "hello"}).Check(brought(spec)); (err == nil) != ok {
			t.Errorf("%s: %v", spec, err)
		}
	}
}

func TestManyRefusals(t *testing.T) {
	_, err := Policy{Module: "hello"}.Check(brought(hostile...))
	if err == nil || !strings.Contains(err.Error(), "/root/.ssh/authorized_keys (is not where a module has files)") || !strings.Contains(err.Error(), " more") || len(err.Error()) > 2000 {
		t.Errorf("%v", err)
	}
	_, err = Policy{Module: "hello"}.Check(brought("/etc/" + strings.Repeat("x", 9000)))
	if err == nil || len(err.Error()) > 1000 {
		t.Errorf("%v", err)
	}
}
