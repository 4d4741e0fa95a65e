package kernel

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"mago/kbuild/foreign"
	"mago/kbuild/sandbox"
)

// RefusedError says that a kernel's headers are, or point at, a directory that builds are not shown.
type RefusedError struct {
	Release, Dir string
	From         string // where Dir is named, such as "/usr/src/x/Makefile, line 1"; "": it is the headers themselves
	Why          string
}

func (e *RefusedError) Error() string {
	if e.From == "" {
		return fmt.Sprintf("headers of kernel %s: builds may not see %s: %s", e.Release, e.Dir, e.Why)
	}
	return fmt.Sprintf("headers of kernel %s: builds may not see %s, which %s includes: %s", e.Release, e.Dir, e.From, e.Why)
}

// Shown decides which directories of a kernel's headers a sandbox shows, beside the system's own, and holds them by what they
// are now. work is the host path of a directory that builds work in, "" for none. The error is a *RefusedError.
func (k Kernel) Shown(root, work string) ([]sandbox.Shown, error) {
	r := Under(root)
	var all []sandbox.Shown
	owner := uint32(0)
	for _, part := range []struct {
		dir, from string
		names     []string
		judge     func(judged) string
	}{
		{k.Headers, "", []string{k.Headers, k.Build}, func(j judged) string { owner = j.owner; return j.asHeaders() }},
		{k.Common, k.includes, []string{k.Common}, func(j judged) string { return j.asSource(owner) }},
	} {
		if part.dir == "" {
			continue
		}
		j, err := r.judge(part.dir)
		if err != nil {
			return nil, &RefusedError{k.Release, part.dir, part.from, err.Error()}
		}
		why := ""
		if !sandbox.IsSystem(j.path) {
			if why = r.tooWide(j, work); why == "" {
				why = part.judge(j)
			}
		}
		_ = j.dir.Close()
		if why != "" {
			return nil, &RefusedError{k.Release, part.dir, part.from, why}
		}
		all = append(all, j.shown(part.names)...)
	}
	return all, nil
}

// judged is a directory that is held while it is judged.
type judged struct {
	path  string // inside, links resolved
	dir   *os.Root
	info  os.FileInfo
	owner uint32
}

// judge opens a directory by its path inside the root.
func (r Rooted) judge(path string) (judged, error) {
	host, err := r.Host(path)
	if err != nil {
		return judged{}, err
	}
	dir, err := os.OpenRoot(host)
	if err != nil {
		return judged{}, err
	}
	info, err := dir.Stat(".")
	if err != nil {
		return judged{}, err
	}
	return judged{r.Inside(host), dir, info, info.Sys().(*syscall.Stat_t).Uid}, nil
}

// shown gives the paths that the directory is known by and that are not the system's.
func (j judged) shown(names []string) (all []sandbox.Shown) {
	stat := j.info.Sys().(*syscall.Stat_t)
	names = append([]string{j.path}, names...)
	for i, name := range names {
		if name != "" && !sandbox.IsSystem(name) && !slices.Contains(names[:i], name) {
			all = append(all, sandbox.Shown{Path: name, Dir: j.path, Device: stat.Dev, Inode: stat.Ino})
		}
	}
	return all
}

// asHeaders says why a directory is not a kernel's headers, "" where it is.
func (j judged) asHeaders() string {
	return j.lacks("Makefile", ".config", "include/generated/autoconf.h")
}

// asSource says why a directory is not a kernel's source that belongs to root, to the owner of the headers that point at
// it, or to this user; "" where it is.
func (j judged) asSource(owner uint32) string {
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

// tooWide says whether a directory is one of those, a user's whole home, or one that builds work in; or above one. It goes
// by what the directories are, not by what they are called.
func (r Rooted) tooWide(j judged, work string) string {
	for _, path := range slices.Concat(wide, r.homes()) {
		for ; ; path = filepath.Dir(path) {
			if info, err := r.Stat(path); err == nil && os.SameFile(info, j.info) {
				return "it holds more than a kernel"
			}
			if path == "/" {
				break
			}
		}
	}
	for path := work; path != "" && path != "/"; path = filepath.Dir(path) {
		if info, err := os.Stat(path); err == nil && os.SameFile(info, j.info) {
			return "mago's work directory is in it"
		}
	}
	return ""
}

// homes are the home directories of all users, as passwd(5) and their usual place tell.
func (r Rooted) homes() []string {
	var homes []string
	for _, name := range r.Names("/home") {
		homes = append(homes, filepath.Join("/home", name))
	}
	text, _ := r.Read("/etc/passwd")
	for line := range strings.Lines(string(text)) {
		const home = 5
		if fields := strings.Split(line, ":"); len(fields) > home && filepath.IsAbs(fields[home]) {
			homes = append(homes, filepath.Clean(fields[home]))
		}
	}
	return homes
}
