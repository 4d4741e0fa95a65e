package modpkg

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mago/debpkg"
	"mago/kbuild"
)

// initramfsWorld is a system in which a script finds its kernel's image. Its programs note what they are called with.
type initramfsWorld struct {
	t     *testing.T
	dir   string
	names []string // of what the scripts name by path
}

func newInitramfsWorld(t *testing.T, programs ...string) *initramfsWorld {
	w := &initramfsWorld{t, t.TempDir(), []string{"/boot", "/var/lib/misc", "/etc/initramfs-tools", "/etc/dracut.conf.d", "/usr/lib/modules"}}
	w.write("/boot/initrd.img-6.12.9-amd64", "usr/lib/modules/6.12.9-amd64/kernel/fs/ext4/ext4.ko.xz\n", 0o644)
	w.write("/var/lib/misc/other", "", 0o644)
	for _, tool := range []string{"cat", "grep", "ls", "rm"} { // the machine's own initramfs is not to be touched
		path, err := exec.LookPath(tool)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.MkdirAll(filepath.Join(w.dir, "bin"), 0o755), os.Symlink(path, filepath.Join(w.dir, "bin", tool))); err != nil {
			t.Fatal(err)
		}
	}
	for _, program := range append(programs, "/bin/dpkg-trigger") {
		text := "#!/bin/sh\necho ${0##*/} \"$@\" >>" + w.dir + "/calls\n[ ! -e " + w.dir + "/fail ]\n"
		if strings.HasPrefix(filepath.Base(program), "lsinit") {
			text = "#!/bin/sh\ngrep -q broken \"$1\" && exit 2\ncat \"$1\"\n"
		}
		w.write(program, text, 0o755)
	}
	return w
}

func (w *initramfsWorld) write(path, text string, mode os.FileMode) {
	w.t.Helper()
	file := filepath.Join(w.dir, path)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		w.t.Fatal(err)
	}
}

// run runs a script of a unit, and gives what was called, what it said, and its exit status.
func (w *initramfsWorld) run(u Unit, name, action string) (calls []string, said string, status int) {
	w.t.Helper()
	text := mustScript(w.t, u)[name]
	for _, path := range w.names {
		text = strings.ReplaceAll(text, path, w.dir+path)
	}
	text = strings.Replace(text, "PATH=/usr/sbin:/usr/bin:/sbin:/bin\n", "PATH="+w.dir+"/usr/sbin:"+w.dir+"/usr/bin:"+w.dir+"/bin\n", 1)
	cmd := exec.Command("/bin/sh", "-c", text, name, action)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		w.t.Fatal(err)
	}
	log, _ := os.ReadFile(filepath.Join(w.dir, "calls")) // there is none where nothing was called
	_ = os.Remove(filepath.Join(w.dir, "calls"))
	calls = slices.DeleteFunc(strings.Split(string(log), "\n"), func(line string) bool { return line == "" })
	return calls, string(out), cmd.ProcessState.ExitCode()
}

const (
	activation = "dpkg-trigger --no-await mago-initramfs-6.12.9-amd64"
	remaking   = "update-initramfs -u -k 6.12.9-amd64"
)

var initramfsTools = []string{"/usr/sbin/update-initramfs", "/usr/bin/lsinitramfs"}

func (w *initramfsWorld) want(u Unit, name, action string, want ...string) {
	w.t.Helper()
	calls, said, status := w.run(u, name, action)
	if !slices.Equal(calls, want) || said != "" || status != 0 {
		w.t.Errorf("%s %s called %q, said %q, exit status %d; want %q", name, action, calls, said, status, want)
	}
}

// An image is made anew for what it has, whatever the name's spelling, and for what somebody has listed; not for others.
func TestInitramfsConcerned(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		early bool
		want  bool
	}{
		"others only":       {nil, false, false},
		"early":             {nil, true, true},
		"the kernel's own":  {map[string]string{"/boot/initrd.img-6.12.9-amd64": "x\nusr/lib/modules/6.12.9-amd64/kernel/zfs.ko\ny"}, false, true},
		"another spelling":  {map[string]string{"/boot/initrd.img-6.12.9-amd64": "usr/lib/modules/6.12.9-amd64/updates/mago/zfs_lua.ko.zst"}, false, true},
		"a longer name":     {map[string]string{"/boot/initrd.img-6.12.9-amd64": "kernel/zfs2.ko\nkernel/xzfs.ko\nkernel/zfs.ko/x"}, false, false},
		"listed":            {map[string]string{"/etc/initramfs-tools/modules": "# none\nzfs-lua debug=1\n"}, false, true},
		"a comment":         {map[string]string{"/etc/initramfs-tools/modules": "# zfs\nzfs-lua2\nxzfs\n"}, false, false},
		"listed for dracut": {map[string]string{"/etc/dracut.conf.d/x.conf": "add_drivers+=\" nvme zfs \"\n"}, false, true},
		"due already":       {map[string]string{"/var/lib/misc/mago-initramfs-6.12.9-amd64": ""}, false, true},
		"due for another":   {map[string]string{"/var/lib/misc/mago-initramfs-6.12.9-rt-amd64": ""}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newInitramfsWorld(t, initramfsTools...)
			for path, text := range c.files {
				w.write(path, text, 0o644)
			}
			u := zfs()
			u.Early = c.early
			if !c.want {
				w.want(u, "postinst", "configure")
				w.want(u, "postinst", "triggered")
				w.want(u, "postrm", "remove")
				return
			}
			w.want(u, "postinst", "configure", activation)
			w.want(u, "postinst", "triggered", remaking)
			w.want(u, "postinst", "triggered") // the next package of the same run
		})
	}
}

// Without an image, or without a program to make it with, there is nothing to do.
func TestInitramfsMissing(t *testing.T) {
	u := zfs()
	u.Early = true
	w := newInitramfsWorld(t)
	w.want(u, "postinst", "configure")
	w = newInitramfsWorld(t, initramfsTools...)
	w.want(u, "postinst", "configure", activation)
	if err := os.Remove(filepath.Join(w.dir, "boot/initrd.img-6.12.9-amd64")); err != nil {
		t.Fatal(err)
	}
	w.want(u, "postinst", "triggered") // the kernel has gone meanwhile
	w.want(u, "postinst", "configure")
	w.want(u, "postrm", "remove")
}

// An image that cannot be read may have anything.
func TestInitramfsUnreadable(t *testing.T) {
	w := newInitramfsWorld(t, initramfsTools...)
	w.write("/boot/initrd.img-6.12.9-amd64", "broken", 0o644)
	calls, said, status := w.run(zfs(), "postinst", "configure")
	if !slices.Equal(calls, []string{activation}) || !strings.HasSuffix(said, "/boot/initrd.img-6.12.9-amd64 cannot be read, so it is made anew\n") || status != 0 {
		t.Errorf("called %q, said %q, exit status %d", calls, said, status)
	}
}

// dracut lists and makes the image where initramfs-tools is not installed.
func TestInitramfsDracut(t *testing.T) {
	w := newInitramfsWorld(t, "/usr/bin/dracut", "/usr/bin/lsinitrd")
	image := filepath.Join(w.dir, "boot/initrd.img-6.12.9-amd64")
	w.want(zfs(), "postinst", "configure")
	w.write("/boot/initrd.img-6.12.9-amd64", "-rw-r--r-- 1 root root 9 Jan 1 usr/lib/modules/6.12.9-amd64/updates/mago/zfs.ko\n", 0o644)
	w.want(zfs(), "postinst", "configure", activation)
	w.want(zfs(), "postinst", "triggered", "dracut -q --force "+image+" 6.12.9-amd64")
}

// A removal leaves the image to the packages that stay; the last one makes it itself, and goes whatever becomes of that.
func TestInitramfsRemoval(t *testing.T) {
	w := newInitramfsWorld(t, initramfsTools...)
	w.write("/boot/initrd.img-6.12.9-amd64", "updates/mago/zfs.ko", 0o644)
	w.write("/usr/lib/modules/6.12.9-amd64/updates/mago/spl.ko.xz", "", 0o644)
	w.want(zfs(), "postrm", "upgrade")
	w.want(zfs(), "postrm", "purge")
	w.want(zfs(), "postrm", "remove", activation)
	if err := os.RemoveAll(filepath.Join(w.dir, "usr/lib/modules")); err != nil {
		t.Fatal(err)
	}
	w.want(zfs(), "postrm", "remove", remaking)
	w.want(zfs(), "postinst", "triggered")
	w.write("fail", "", 0o644)
	calls, said, status := w.run(zfs(), "postrm", "remove")
	if !slices.Equal(calls, []string{remaking}) || !strings.HasPrefix(said, "warning: ") || !strings.HasSuffix(said, "was not made anew (exit status 1)\n") || status != 0 {
		t.Errorf("called %q, said %q, exit status %d", calls, said, status)
	}
	w.want(zfs(), "postinst", "triggered")
}

// An image that could not be made stays due.
func TestInitramfsFailure(t *testing.T) {
	w := newInitramfsWorld(t, initramfsTools...)
	w.write("/var/lib/misc/mago-initramfs-6.12.9-amd64", "", 0o644)
	w.write("fail", "", 0o644)
	if calls, _, status := w.run(zfs(), "postinst", "triggered"); !slices.Equal(calls, []string{remaking}) || status == 0 {
		t.Errorf("called %q, exit status %d", calls, status)
	}
	if err := os.Remove(filepath.Join(w.dir, "fail")); err != nil {
		t.Fatal(err)
	}
	w.want(zfs(), "postinst", "triggered", remaking)
}

// The hook adds those modules that are in the image, the kernel's own too, or all; for no other kernel.
func TestInitramfsHook(t *testing.T) {
	dir := t.TempDir()
	for _, file := range []string{"lib/modules/6.12.9-amd64/kernel/fs/zfs.ko.xz", "lib/modules/6.12.9-amd64/kernel/fs/zfs-lua.ko", "lib/modules/6.12.9-amd64/kernel/fs/spl2.ko"} {
		laidOut(t, dir, file)
	}
	functions := filepath.Join(t.TempDir(), "hook-functions")
	if err := os.WriteFile(functions, []byte("manual_add_modules() { echo \"$@\"; }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		included      bool
		version, word string
		want          string
	}{
		"what is there": {false, "6.12.9-amd64", "", "zfs\nzfs_lua\n"}, "all": {true, "6.12.9-amd64", "", "spl\nzfs\nzfs_lua\n"},
		"another kernel": {true, "6.12.9-rt-amd64", "", ""}, "its needs": {true, "6.12.9-amd64", "prereqs", ""},
	} {
		u := zfs()
		u.Included = c.included
		hook := u.initramfsHook([]kbuild.Module{{Path: "spl.ko"}, {Path: "zfs.ko"}, {Path: "zfs-lua.ko"}})
		r, err := hook.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil || hook.Mode != 0o755 {
			t.Fatal(hook.Mode, err)
		}
		cmd := exec.Command("sh", "-c", strings.ReplaceAll(string(text), "/usr/share/initramfs-tools/hook-functions", functions), "hook", c.word)
		cmd.Env = []string{"PATH=/usr/bin:/bin", "version=" + c.version, "DESTDIR=" + dir}
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != c.want {
			t.Errorf("%s: added %q, %v; want %q", name, out, err, c.want)
		}
	}
	if got := hookOf("zfs-modules-6.12.9+deb13-amd64"); got != "/usr/share/initramfs-tools/hooks/zfs-modules-6.12.9_deb13-amd64" {
		t.Errorf("hook %s, which initramfs-tools would not run", got)
	}
}

// The mark is read back from the package, and the lists as grep reads them.
func TestInitramfsMarks(t *testing.T) {
	for _, early := range []bool{false, true} {
		u, result := zfsWithFiles(t)
		u.Early = early
		packages, err := Compose(u, result)
		if err != nil {
			t.Fatal(err)
		}
		deb, err := debpkg.Write(t.TempDir(), packages.Modules, debpkg.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r, err := debpkg.Open(deb)
		if err != nil {
			t.Fatal(err)
		}
		if r.Close(); IsEarly(r) != early {
			t.Errorf("read back as early: %v", IsEarly(r))
		}
	}
	finds := ListsOneOf(moduleNames([]kbuild.Module{{Path: "zfs-lua.ko"}, {Path: "a.b.ko"}}))
	for line, want := range map[string]bool{"zfs_lua": true, "  zfs-lua x=y": true, "# zfs-lua": false, "x # zfs-lua": false, "zfs-lua2": false, `add_drivers+=" zfs_lua "`: true, "a.b": true, "axb": false} {
		if finds(line) != want {
			t.Errorf("%q: %v", line, !want)
		}
	}
	for path, want := range map[string]bool{"/usr/share/initramfs-tools/hooks/zfs": true, "/etc/initramfs-tools/conf.d/x": true, "/usr/lib/dracut/modules.d/90zfs/module-setup.sh": true, "/etc/modprobe.d/zfs.conf": false} {
		if IsInitramfsHook(path) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
}
