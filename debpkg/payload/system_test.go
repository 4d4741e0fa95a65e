package payload

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// system is a root with files: path to content, "-> target" for a link, "/" for a directory. Of those that dpkg/PACKAGE
// lists, the packages.
func system(t *testing.T, files map[string]string) System {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if target, link := strings.CutPrefix(content, "-> "); link {
			err = errors.Join(err, os.Symlink(target, path))
		} else if content == "/" {
			err = errors.Join(err, os.MkdirAll(path, 0o755))
		} else {
			err = errors.Join(err, os.WriteFile(path, []byte(content), 0o644))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return System{Root: root}
}

func lists(pkg string) string { return infoDir + "/" + pkg + ".list" }

func TestSystem(t *testing.T) {
	mergedUsr := map[string]string{"lib": "-> usr/lib", "bin": "-> /usr/bin", "sbin": "-> usr/sbin", "usr/lib": "/", "usr/bin": "/", "usr/sbin": "/"}
	for _, c := range []struct {
		name    string
		files   map[string]string
		brought Package
		local   bool
		want    string // of the error, "" for none
	}{
		{"nothing there", nil, brought("/usr/bin/hello", "/etc/modprobe.d/hello.conf", "/lib/firmware/hello.bin"), true, ""},
		{"of nobody", map[string]string{"etc/modprobe.d/hello.conf": "mine"}, brought("/etc/modprobe.d/hello.conf"), false, "would overwrite /etc/modprobe.d/hello.conf (of no package)"},
		{"of nobody, by its other name", map[string]string{"usr/lib/firmware/x": "mine"}, brought("/lib/firmware/x"), false, "(of no package)"},
		{"a link of nobody", map[string]string{"usr/lib/firmware/x": "-> nowhere"}, brought("/lib/firmware/x"), false, "(of no package)"},
		{"a directory", map[string]string{"usr/lib/firmware/x": "/"}, brought("/lib/firmware/x -> y"), false, "is a directory there"},
		{"below a file", map[string]string{"usr/lib/firmware": ""}, brought("/lib/firmware/x"), false, "below what is not a directory"},
		{"a file for a directory", map[string]string{"usr/lib/firmware/x": ""}, brought("/lib/firmware/x//"), false, "is not a directory there"},
		{"its own before", map[string]string{"usr/lib/firmware/x": "", lists("hello-modules-common"): "/lib/firmware/x\n"}, brought("/usr/lib/firmware/x"), true, ""},
		{"of an architecture", map[string]string{"usr/lib/firmware/x": "", lists("hello-modules-common:amd64"): "/lib/firmware/x\n"}, brought("/usr/lib/firmware/x"), true, ""},
		{"of another", map[string]string{"usr/lib/firmware/x": "", lists("firmware-x"): "/lib/firmware/x\n"}, brought("/usr/lib/firmware/x"), false, "(of firmware-x)"},
		{"replaced", map[string]string{"usr/lib/firmware/x": "", lists("firmware-x"): "/lib/firmware/x\n"}, replaces("firmware-x", "/usr/lib/firmware/x"), false, ""},
		{"replaced in another version", map[string]string{"usr/lib/firmware/x": "", lists("firmware-x"): "/lib/firmware/x\n"}, replaces("firmware-x (<< 1)", "/usr/lib/firmware/x"), false, "(of firmware-x)"},
		{"replaced, local", map[string]string{"usr/lib/firmware/x": "", lists("firmware-x"): "/lib/firmware/x\n"}, replaces("firmware-x", "/usr/lib/firmware/x"), true, "(of firmware-x)"},
		{"a conffile", map[string]string{"etc/modprobe.d/hello.conf": "mine"}, conffile("/etc/modprobe.d/hello.conf"), true, ""},
		{"another's conffile", map[string]string{"etc/modprobe.d/hello.conf": "mine", lists("kmod"): "/etc/modprobe.d/hello.conf\n"}, conffile("/etc/modprobe.d/hello.conf"), true, "(of kmod)"},
		{"diverted away", map[string]string{"usr/bin/hello": "mine", "var/lib/dpkg/diversions": "/usr/bin/hello\n/usr/bin/hello.distrib\n:\n"}, brought("/bin/hello"), false, ""},
		{"diverted onto", map[string]string{"usr/bin/hello.distrib": "mine", "var/lib/dpkg/diversions": "/bin/hello\n/bin/hello.distrib\n:\n"}, brought("/usr/bin/hello"), false, "(of no package)"},

		{"a program's name", map[string]string{"usr/sbin/depmod": "", lists("kmod"): "/sbin/depmod\n"}, brought("/usr/bin/depmod"), false, "stands for /usr/sbin/depmod of kmod"},
		{"a program's name in /usr/local", map[string]string{"usr/local/bin/tool": ""}, brought("/bin/tool"), false, "stands for /usr/local/bin/tool, which is there and of no package"},
		{"its own program moved", map[string]string{"usr/sbin/hello": "", lists("hello-modules-common"): "/usr/sbin/hello\n"}, brought("/usr/bin/hello"), true, ""},
		{"udev's rule", map[string]string{"usr/lib/udev/rules.d/50-x.rules": "", lists("udev"): "/lib/udev/rules.d/50-x.rules\n"}, brought("/etc/udev/rules.d/50-x.rules"), false, "stands for /usr/lib/udev/rules.d/50-x.rules of udev"},
		{"udev's rule, and a source that nobody vouches for", map[string]string{"usr/lib/udev/rules.d/50-x.rules": "", lists("udev"): "/lib/udev/rules.d/50-x.rules\n"}, brought("/etc/udev/rules.d/50-x.rules"), true, "may not bring /etc/udev/rules.d/50-x.rules (stands for /usr/lib/udev/rules.d/50-x.rules of udev"},
		{"a rule of /usr/local", map[string]string{"usr/local/lib/udev/rules.d/50-x.rules": ""}, conffile("/etc/udev/rules.d/50-x.rules"), false, "stands for /usr/local/lib/udev/rules.d/50-x.rules, which is there and of no package"},
		{"a setting of a package", map[string]string{"usr/lib/modprobe.d/x.conf": "", lists("kmod"): "/lib/modprobe.d/x.conf\n"}, conffile("/etc/modprobe.d/x.conf"), false, "stands for /usr/lib/modprobe.d/x.conf of kmod"},
		{"a hook", map[string]string{"usr/share/initramfs-tools/hooks/x": "", lists("cryptsetup"): "/usr/share/initramfs-tools/hooks/x\n"}, brought("/usr/share/initramfs-tools/hooks/x"), false, "of cryptsetup"},
		{"a header", map[string]string{"usr/include/stdio.h": "", lists("libc6-dev"): "/usr/include/stdio.h\n"}, brought("/usr/include/x86_64-linux-gnu/stdio.h"), false, "stands for /usr/include/stdio.h"},
		{"a header behind the architecture's", map[string]string{"usr/include/x86_64-linux-gnu/bits/x.h": "", lists("libc6-dev"): "/usr/include/x86_64-linux-gnu/bits/x.h\n"}, brought("/usr/include/bits/x.h"), true, ""},
		{"odd names", map[string]string{"usr/include/x.h": ""}, brought("/usr/include/[x.h", "/usr/include/*/*.h", "/usr/bin/[", "/usr/bin/*"), false, ""},
		{"a library", map[string]string{"usr/lib/x86_64-linux-gnu/libz.so.1": "", lists("zlib1g"): "/lib/x86_64-linux-gnu/libz.so.1\n"}, library("/usr/lib/libz.so.2"), false, "stands for /usr/lib/x86_64-linux-gnu/libz.so.1 of zlib1g"},
		{"a library beside", map[string]string{"usr/lib/x86_64-linux-gnu/libz.so.1": "", lists("zlib1g"): "/lib/x86_64-linux-gnu/libz.so.1\n"}, library("/lib/x86_64-linux-gnu/libz.so"), false, "of zlib1g"},
		{"a library for some processors", map[string]string{"usr/lib/x86_64-linux-gnu/libz.so.1": "", lists("zlib1g"): "/lib/x86_64-linux-gnu/libz.so.1\n"}, brought("/usr/lib/x86_64-linux-gnu/hello/libz.so.1"), true, "of zlib1g"},
		{"a library of what it replaces", map[string]string{"usr/lib/libhello.so.1": "", lists("hello-dkms"): "/lib/libhello.so.1\n"}, replaces("hello-dkms", "/usr/lib/libhello/libhello.so.2"), false, ""},
		{"a program of what it replaces", map[string]string{"usr/sbin/hello": "", lists("hello-dkms"): "/sbin/hello\n"}, replaces("hello-dkms", "/usr/bin/hello"), false, ""},
		{"the same, local", map[string]string{"usr/sbin/hello": "", lists("hello-dkms"): "/sbin/hello\n"}, replaces("hello-dkms", "/usr/bin/hello"), true, "stands for /usr/sbin/hello of hello-dkms"},
		{"its own library", map[string]string{"usr/lib/libhello.so.1": "", lists("hello-modules-common"): "/usr/lib/libhello.so.1\n"}, library("/usr/lib/libhello.so.2"), true, ""},

		{"a directory of others", map[string]string{"usr/share/hello/x": "", lists("hello"): "/usr/share/hello\n/usr/share/hello/x\n"}, brought("/usr/share/hello/y"), true, "is in /usr/share/hello, of hello"},
		{"the same, vouched for", map[string]string{"usr/share/hello/x": "", lists("hello"): "/usr/share/hello\n/usr/share/hello/x\n"}, brought("/usr/share/hello/y"), false, ""},
		{"a directory of nobody", map[string]string{"usr/share/hello/x": ""}, brought("/usr/share/hello/y"), true, "is in /usr/share/hello, which is there"},
		{"its own directory", map[string]string{"usr/share/hello/x": "", lists("hello-modules-6.1"): "/usr/share/hello\n"}, brought("/usr/share/hello/y"), true, ""},

		{"the administrator's link", map[string]string{"usr/lib/firmware": "-> /srv/firmware", "srv/firmware": "/"}, brought("/lib/firmware/x"), true, ""},
		{"and a file behind it", map[string]string{"usr/lib/firmware": "-> /srv/firmware", "srv/firmware/x": ""}, brought("/lib/firmware/x"), true, "(of no package)"},
		{"a package's link", map[string]string{"usr/share/hello": "-> ../lib/systemd/system", "usr/lib/systemd/system": "/", lists("hello-modules-common"): "/usr/share/hello\n"}, brought("/usr/share/hello/x.service"), false, "would come to /usr/lib/systemd/system/x.service by a link"},
		{"links in a circle", map[string]string{"usr/share/hello": "-> hello"}, brought("/usr/share/hello/x"), false, "too many links"},
		{"a link out of the root", map[string]string{"usr/share/hello": "-> ../../../../../../../../tmp"}, brought("/usr/share/hello/x"), false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := system(t, c.files)
			s.Matching = func(replaces string) []string { return strings.Fields(strings.TrimSuffix(replaces, " (<< 1)")) }
			if strings.HasSuffix(c.name, "in another version") {
				s.Matching = func(string) []string { return nil }
			}
			err := s.Check(Policy{Module: "hello", Local: c.local}, c.brought)
			if said := saying(err); c.want == "" && err != nil || !strings.Contains(said, c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			for name, content := range mergedUsr { // the same with a merged /usr
				if path := filepath.Join(s.Root, name); content != "/" {
					_ = os.Symlink(strings.TrimPrefix(content, "-> "), path)
				} else {
					_ = os.MkdirAll(path, 0o755)
				}
			}
			if again := s.Check(Policy{Module: "hello", Local: c.local}, c.brought); saying(again) != saying(err) {
				t.Errorf("with a merged /usr: %v, without: %v", again, err)
			}
		})
	}
}

// TestSystemOverrides: a file in a directory that comes before a package's is the administrator's override, whoever has it.
func TestSystemOverrides(t *testing.T) {
	for override, file := range map[string]string{
		"etc/udev/rules.d/90-x.rules":           "/lib/udev/rules.d/90-x.rules",
		"run/udev/rules.d/90-x.rules":           "/usr/lib/udev/rules.d/90-x.rules",
		"usr/local/lib/udev/rules.d/90-x.rules": "/lib/udev/rules.d/90-x.rules",
		"etc/udev/hwdb.d/90-x.hwdb":             "/lib/udev/hwdb.d/90-x.hwdb",
		"etc/modprobe.d/x.conf":                 "/lib/modprobe.d/x.conf",
		"run/modprobe.d/x.conf":                 "/etc/modprobe.d/x.conf",
		"etc/modules-load.d/x.conf":             "/usr/lib/modules-load.d/x.conf",
		"etc/depmod.d/x.conf":                   "/lib/depmod.d/x.conf",
		"etc/initramfs-tools/hooks/x":           "/usr/share/initramfs-tools/hooks/x",
		"usr/lib/firmware/updates/x.bin":        "/lib/firmware/x.bin",
		"usr/local/include/x.h":                 "/usr/include/x.h",
		"usr/local/lib/pkgconfig/x.pc":          "/usr/share/pkgconfig/x.pc",
		"etc/systemd/system/x.service":          "/lib/systemd/system/x.service",
		"etc/X11/xorg.conf.d/50-x.conf":         "/usr/share/X11/xorg.conf.d/50-x.conf",
	} {
		want := ""
		if strings.HasPrefix(file, "/etc/") { // the other way round: it comes before that one
			want = "stands for /" + override
		}
		for _, local := range []bool{true, false} {
			err := system(t, map[string]string{override: "mine"}).Check(Policy{Module: "hello", Local: local}, brought(file))
			if said := saying(err); want == "" && err != nil || !strings.Contains(said, want) {
				t.Errorf("%s beside /%s: %v, want %q", file, override, err, want)
			}
		}
	}
}

// TestSystemOfAnArchive: what an archive vouches for may lie anywhere, so that the system is what is in the way.
func TestSystemOfAnArchive(t *testing.T) {
	s := system(t, map[string]string{"usr/sbin/depmod": "", "usr/lib/firmware/x": "", lists("kmod"): "/sbin/depmod\n"})
	err := s.Check(Policy{Module: "hello"}, brought("/usr/bin/depmod", "/lib/firmware/x"))
	var inTheWay *InTheWayError
	const want = "the package would overwrite /lib/firmware/x (of no package), and cannot bring /usr/bin/depmod (stands for /usr/sbin/depmod of kmod)"
	if !errors.As(err, &inTheWay) || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func saying(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func replaces(pkg, path string) Package {
	p := brought(path)
	p.Replaces = pkg
	return p
}

func conffile(path string) Package {
	p := brought(path)
	p.Conffiles = []string{path}
	return p
}

func library(path string) Package {
	p := brought(path)
	p.Entries[0].Soname = filepath.Base(path)
	return p
}

// TestSystemAllows: what is only out of place a glob allows, but nothing takes the place of what is there.
func TestSystemAllows(t *testing.T) {
	everything, err := ParseGlob("/**")
	if err != nil {
		t.Fatal(err)
	}
	s := system(t, map[string]string{"usr/sbin/depmod": "", lists("kmod"): "/sbin/depmod\n", "etc/cron.d/x": ""})
	p := Policy{Module: "hello", Local: true, Allow: []Glob{everything}}
	if err := s.Check(p, brought("/usr/bin/depmod")); err != nil {
		t.Error(err)
	}
	for _, path := range []string{"/sbin/depmod", "/etc/cron.d/x"} {
		var inTheWay *InTheWayError
		if err := s.Check(p, brought(path)); !errors.As(err, &inTheWay) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestSystemHalfDone: what dpkg put there before it was killed is in nobody's list yet.
func TestSystemHalfDone(t *testing.T) {
	s := system(t, map[string]string{"usr/share/hello/x": "", "usr/lib/firmware/y": "", lists("other"): "/lib/firmware/y\n"})
	s.Broken = []string{"hello-modules-common"}
	if err := s.Check(Policy{Module: "hello", Local: true}, brought("/usr/share/hello/x")); err != nil {
		t.Error(err)
	}
	if err := s.Check(Policy{Module: "hello", Local: true}, brought("/usr/lib/firmware/y")); err == nil {
		t.Error("another package's file is taken for a rest")
	}
}
