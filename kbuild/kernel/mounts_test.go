package kernel

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"mago/debpkg/codec"
	"mago/debpkg/rooted"
	"mago/kbuild/sandbox"
)

const topMakefile = "# SPDX-License-Identifier: GPL-2.0\nVERSION = 6\nPATCHLEVEL = 1\n"

// headersIn and sourceIn are the least of what a kernel's headers and its source hold.
func headersIn(dir string, files tree) {
	for _, name := range []string{"Makefile", ".config", "include/generated/autoconf.h"} {
		files[filepath.Join(dir, name)] = ""
	}
}

func sourceIn(dir string, files tree) {
	files[filepath.Join(dir, "Makefile")] = topMakefile
	files[filepath.Join(dir, "include/linux/module.h")] = ""
}

// otherUser owns what neither root nor the owner of the headers does.
const otherUser = 4242

// TestMounts: of a kernel that is not Debian's, builds are shown its headers and its source, and never more.
func TestMounts(t *testing.T) {
	const refusesWide, refusesWritable = "it holds more than a kernel", "everybody may write to it"
	files := tree{
		"etc/passwd": "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\nftp:x:99:99::/data/ftp:/bin/sh\n",
		"usr/src/a/": "", "usr/src/b/": "", "usr/src/away": "-> /srv/linux", "srv/link": "-> /srv/linux", "srv/top": "-> /", "srv/work/sub/": "",
		"srv/nothing/": "", "srv/plain/Makefile": "all:\n", "srv/plain/include/linux/module.h": "", "var/lib/dpkg/": "", "dev/shm/": "", "run/": "",
	}
	for _, dir := range []string{"srv/out", "home/alice", "home/alice/out", "data/ftp", "srv/open", "srv/work", "run", "srv/gone/out"} {
		headersIn(dir, files)
	}
	for _, dir := range []string{"srv/linux", "tmp", "home/alice", "home/alice/linux", "root", "run", "var", "home", "", "srv", "data", "srv/open", "srv/work", "srv/others"} {
		sourceIn(dir, files)
	}
	root := files.write(t, t.TempDir())
	for _, dir := range []string{"tmp", "srv/open"} {
		if err := os.Chmod(filepath.Join(root, dir), 0o1777); err != nil {
			t.Fatal(err)
		}
	}
	others := "its Makefile is not a kernel's" // of no other owner where this test is not root
	if err := os.Chown(filepath.Join(root, "srv/others"), otherUser, otherUser); err == nil {
		others = "it belongs to user 4242"
	} else if err := os.WriteFile(filepath.Join(root, "srv/others/Makefile"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		kernel Kernel
		want   string // the paths shown, or a part of the error
	}{
		"Debian's":             {Kernel{Headers: "/usr/src/a", Common: "/usr/src/b", Build: "/lib/modules/x/build"}, ""},
		"built beside":         {Kernel{Headers: "/srv/out", Common: "/srv/linux", Build: "/lib/modules/x/build"}, "/srv/out /srv/linux"},
		"built by a user":      {Kernel{Headers: "/home/alice/out", Common: "/home/alice/linux", Build: "/home/alice/out"}, "/home/alice/out /home/alice/linux"},
		"by a link":            {Kernel{Headers: "/srv/out", Common: "/srv/link", Build: "/srv/o"}, "/srv/out /srv/o /srv/linux /srv/link"},
		"by the system's link": {Kernel{Headers: "/srv/out", Common: "/usr/src/away"}, "/srv/out /srv/linux"},
		"the temporary":        {Kernel{Headers: "/srv/out", Common: "/tmp"}, refusesWide},
		"a whole home":         {Kernel{Headers: "/srv/out", Common: "/home/alice"}, refusesWide},
		"all homes":            {Kernel{Headers: "/srv/out", Common: "/home"}, refusesWide},
		"another home":         {Kernel{Headers: "/srv/out", Common: "/data"}, refusesWide},
		"root's home":          {Kernel{Headers: "/srv/out", Common: "/root"}, refusesWide},
		"the root":             {Kernel{Headers: "/srv/out", Common: "/"}, refusesWide},
		"a link to the root":   {Kernel{Headers: "/srv/out", Common: "/srv/top"}, refusesWide},
		"by dots":              {Kernel{Headers: "/srv/out", Common: "/srv/linux/../../var"}, refusesWide},
		"what runs":            {Kernel{Headers: "/srv/out", Common: "/run"}, refusesWide},
		"open to all":          {Kernel{Headers: "/srv/out", Common: "/srv/open"}, refusesWritable},
		"nothing there":        {Kernel{Headers: "/srv/out", Common: "/srv/nothing"}, "it has no Makefile"},
		"not a kernel's":       {Kernel{Headers: "/srv/out", Common: "/srv/plain"}, "its Makefile is not a kernel's"},
		"somebody else's":      {Kernel{Headers: "/srv/out", Common: "/srv/others"}, others},
		"around the work":      {Kernel{Headers: "/srv/out", Common: "/srv/work"}, "mago's work directory is in it"},
		"headers in a home":    {Kernel{Headers: "/home/alice"}, refusesWide},
		"headers for a home":   {Kernel{Headers: "/data/ftp"}, refusesWide},
		"headers that run":     {Kernel{Headers: "/run"}, refusesWide},
		"headers open to all":  {Kernel{Headers: "/srv/open"}, refusesWritable},
		"headers at work":      {Kernel{Headers: "/srv/work"}, "mago's work directory is in it"},
		"headers gone":         {Kernel{Headers: "/srv/out/gone"}, "no such file"},
		"no headers":           {Kernel{Headers: "/srv/linux"}, "it has no .config"},
	} {
		t.Run(name, func(t *testing.T) {
			k := test.kernel
			k.headers = headers{rooted.Root(root), k.Headers}
			mounts, err := k.judge(rooted.Root(root))
			k.mounts = func() []sandbox.Mount { return mounts }
			if err == nil {
				err = k.Apart(filepath.Join(root, "srv/work/sub"))
			}
			var refused *RefusedError
			if errors.As(err, &refused) {
				if test.want == "" || !strings.Contains(refused.Why, test.want) {
					t.Errorf("got %v", err)
				}
				return
			}
			var paths []string
			for _, s := range k.Mounts() {
				paths = append(paths, s.Path)
				if info, err := os.Stat(s.Host); err != nil || info.Sys().(*syscall.Stat_t).Ino != s.Inode {
					t.Errorf("%+v is another one: %v", s, err)
				}
			}
			if got := strings.Join(paths, " "); err != nil || got != test.want {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
}

// TestFindRefuses: headers that point at what is not theirs are named with the file and the line.
func TestFindRefuses(t *testing.T) {
	root := bookworm(tree{arch + "Makefile": "# h\ninclude /tmp/Makefile\n", "tmp/Makefile": topMakefile}).write(t, t.TempDir())
	_, err := Finder{Root: root}.Find(release)
	want := "headers of kernel 6.1.0-56-amd64: builds may not see /tmp, which /usr/src/linux-headers-6.1.0-56-amd64/Makefile, line 2, includes: it holds more than a kernel"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// TestHeaderFiles: nothing that somebody else than root has put into headers has mago read what lies elsewhere, or wait.
func TestHeaderFiles(t *testing.T) {
	files := tree{"usr/lib/open": "good", "usr/lib/closed": "secret", "k/system": "-> /usr/lib/open", "k/shadow": "-> ../usr/lib/closed",
		"secret": "secret", "k/good": "good", "k/link": "-> good", "k/out": "-> /secret", "k/up": "-> ../secret", "k/sub/": "", "k/away": "-> /sub", "sub/x": "x"}
	root := files.write(t, t.TempDir())
	long := filepath.Join(root, "k/long")
	if err := errors.Join(syscall.Mkfifo(filepath.Join(root, "k/fifo"), 0o644), os.WriteFile(long, nil, 0o644), os.Truncate(long, 1<<30)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(root, "usr/lib/closed"), 0o600); err != nil {
		t.Fatal(err)
	}
	readable := []string{"good", "link", "system"}
	if os.Geteuid() == 0 {
		text, err := headers{rooted.Root(root), "/k"}.read("out")
		if string(text) != "secret" {
			t.Errorf("root's own link: got %q, %v", text, err)
		}
		if err := os.Chown(filepath.Join(root, "k"), otherUser, otherUser); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"good", "link", "system", "shadow", "out", "up", "sub", "away/x", "fifo", "long", "gone"} {
		text, err := headers{rooted.Root(root), "/k"}.read(name)
		if slices.Contains(readable, name) != (err == nil) || err == nil && string(text) != "good" {
			t.Errorf("%s: got %q, %v", name, text, err)
		}
	}
	if _, err := (headers{rooted.Root(root), "/k"}).read("long"); !errors.As(err, new(*codec.LimitError)) {
		t.Errorf("a long file: got %v", err)
	}
	if file, err := (Kernel{headers: headers{rooted.Root(root), "/k"}}).Open("fifo"); err == nil {
		t.Errorf("opened %s", file.Name())
	}
}

// TestFindChecksFiles: what a build would read for ever, or wait in, is told of when the headers are found.
func TestFindChecksFiles(t *testing.T) {
	for _, name := range []string{"Module.symvers", ".config", ".kernelvariables", "Makefile", "include/config/auto.conf"} {
		for want, spoil := range map[string]func(path string) error{
			"is not a regular file": func(path string) error { return syscall.Mkfifo(path, 0o644) },
			"more than ":            func(path string) error { return errors.Join(os.WriteFile(path, nil, 0o644), os.Truncate(path, 1<<30)) },
		} {
			root := bookworm(nil).write(t, t.TempDir())
			path := filepath.Join(root, arch, name)
			_ = os.Remove(path)
			if err := spoil(path); err != nil {
				t.Fatal(err)
			}
			if _, err := (Finder{Root: root}).Find(release); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s, %s: got %v", name, want, err)
			}
		}
	}
}
