package kernel

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"mago/debpkg/rooted"
	"mago/kbuild/foreign"
	"mago/kbuild/sandbox"
)

// judge decides which directories of a kernel's headers a sandbox shows, and holds them by what they are now. The error is a
// *RefusedError.
func (k Kernel) judge(root rooted.Root) ([]sandbox.Mount, error) {
	j, err := k.headers.hold()
	if err != nil {
		return nil, &RefusedError{k.Release, k.Headers, "", err.Error()}
	}
	defer j.dir.Close()
	if why := j.refused(root, func() string { return j.lacks("Makefile", ".config", "include/generated/autoconf.h") }); why != "" {
		return nil, &RefusedError{k.Release, k.Headers, "", why}
	}
	all := j.mounts(append(k.headers.leadHere(usual(k.Release)), k.Headers, k.Build)...)
	if k.Common == "" {
		return all, nil
	}
	c, err := headers{k.headers.in, k.Common}.hold()
	if err != nil {
		return nil, &RefusedError{k.Release, k.Common, k.includes, err.Error()}
	}
	defer c.dir.Close()
	if why := c.refused(root, func() string { return c.isSource(j.owner) }); why != "" {
		return nil, &RefusedError{k.Release, k.Common, k.includes, why}
	}
	return append(all, c.mounts(k.Common)...), nil
}

// Apart gives a *RefusedError where a directory that builds work in, by its host path, lies in one that they are shown.
func (k Kernel) Apart(work string) error {
	mounts := k.Mounts()
	for dir := work; len(mounts) > 0; dir = filepath.Dir(dir) {
		var stat syscall.Stat_t
		if err := syscall.Stat(dir, &stat); err == nil {
			for _, m := range mounts {
				if stat.Dev == m.Device && stat.Ino == m.Inode {
					return &RefusedError{k.Release, m.Path, "", "mago's work directory is in it"}
				}
			}
		}
		if dir == "/" || dir == "." {
			break
		}
	}
	return nil
}

// judged is a directory that is held while it is judged.
type judged struct {
	in    files
	path  string // inside of that, links resolved
	host  string
	dir   *os.Root
	info  os.FileInfo
	owner uint32
}

// hold opens the directory.
func (h headers) hold() (judged, error) {
	path, host, err := h.in.Resolve(h.dir)
	if err != nil {
		return judged{}, err
	}
	dir, err := os.OpenRoot(host)
	if err != nil {
		return judged{}, err
	}
	info, err := dir.Stat(".")
	if err != nil {
		return judged{}, errors.Join(err, dir.Close())
	}
	return judged{h.in, path, host, dir, info, info.Sys().(*syscall.Stat_t).Uid}, nil
}

// mounts show the directory at the paths that it is known by and that sandboxes do not show by themselves: those that are not
// the system's, and those below a directory that is a link out of the system.
func (j judged) mounts(names ...string) (all []sandbox.Mount) {
	stat := j.info.Sys().(*syscall.Stat_t)
	names = append([]string{j.path}, names...)
	for i, name := range names {
		above, _, err := j.in.Resolve(filepath.Dir(name))
		shown := sandbox.IsSystem(name) && err == nil && sandbox.IsSystem(above)
		if name != "" && !shown && !slices.Contains(names[:i], name) {
			all = append(all, sandbox.Mount{Host: j.host, Path: name, Device: stat.Dev, Inode: stat.Ino})
		}
	}
	return all
}

// refused says why a directory is not shown, "" where it is: one of the system's is anyway. unfit says why it is no kernel's.
func (j judged) refused(root rooted.Root, unfit func() string) string {
	switch {
	case sandbox.IsSystem(j.path):
		return ""
	case j.isWide(root):
		return "it holds more than a kernel"
	}
	return unfit()
}

// isSource says why a directory is not a kernel's source that belongs to root, to the owner of the headers that point at
// it, or to this user; "" where it is.
func (j judged) isSource(owner uint32) string {
	if !slices.Contains([]uint32{0, owner, uint32(os.Geteuid())}, j.owner) {
		return fmt.Sprintf("it belongs to user %d, neither to root, to you, nor to the owner of the headers", j.owner)
	}
	if lacks := j.lacks("Makefile", "include/linux/module.h"); lacks != "" {
		return lacks
	}
	if !j.isKernelMakefile() {
		return "its Makefile is not a kernel's"
	}
	return ""
}

func (j judged) lacks(names ...string) string {
	if j.info.Mode()&0o002 != 0 {
		return "everybody may write to it"
	}
	for _, name := range names {
		if _, err := j.dir.Lstat(name); err != nil {
			return "it has no " + name
		}
	}
	return ""
}

// isKernelMakefile looks for the version that a kernel's top Makefile begins with.
func (j judged) isKernelMakefile() bool {
	file, err := foreign.OpenRegular(j.dir, "Makefile")
	if err != nil {
		return false
	}
	defer file.Close()
	wanted := []string{"VERSION =", "PATCHLEVEL ="}
	lines := bufio.NewScanner(file)
	for range 20 {
		if len(wanted) == 0 || !lines.Scan() {
			break
		}
		if strings.HasPrefix(lines.Text(), wanted[0]) {
			wanted = wanted[1:]
		}
	}
	return len(wanted) == 0
}

// wide are directories of the system that hold more than a kernel, and so are those above them.
var wide = []string{"/boot", "/etc", "/home", "/media", "/mnt", "/opt", "/proc", "/root", "/run/lock", "/run/user", "/srv", "/sys", "/tmp", "/usr",
	"/dev/shm", "/var/backups", "/var/cache", "/var/lib", "/var/local", "/var/log", "/var/mail", "/var/opt", "/var/spool", "/var/tmp"}

// isWide reports whether a directory is one of those or a user's whole home, or above one. It goes by what the directories
// are, not by what they are called.
func (j judged) isWide(root rooted.Root) bool {
	for _, path := range slices.Concat(wide, homes(root)) {
		for ; ; path = filepath.Dir(path) {
			if info, err := root.Stat(path); err == nil && os.SameFile(info, j.info) {
				return true
			}
			if path == "/" {
				break
			}
		}
	}
	return false
}

// homes are the home directories of all users, as passwd(5) and their usual place tell.
func homes(root rooted.Root) []string {
	var homes []string
	entries, _ := root.ReadDir("/home")
	for _, e := range entries {
		homes = append(homes, filepath.Join("/home", e.Name()))
	}
	text, _ := root.ReadFile("/etc/passwd")
	for line := range strings.Lines(string(text)) {
		const home = 5
		if fields := strings.Split(line, ":"); len(fields) > home && filepath.IsAbs(fields[home]) {
			homes = append(homes, filepath.Clean(fields[home]))
		}
	}
	return homes
}
