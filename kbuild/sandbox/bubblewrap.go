package sandbox

import (
	"os"
	"slices"
	"strconv"
)

// bubblewrap lays out a file system: the system's programs and settings read-only, no homes, no /var but dpkg's
// files, private /tmp, and the writable directory. Nothing else can be written to, not even the places between.
func (r Sandbox) bubblewrap(s Spec) []string {
	args := append(r.unshare(), "--die-with-parent", "--new-session", "--hostname", hostName, "--tmpfs", "/")
	for _, name := range system {
		args = append(args, r.show(name)...)
	}
	args = append(args, "--proc", "/proc", "--dev", "/dev")
	args = append(append(args, r.scratch("/dev/shm")...), r.scratch("/tmp")...)
	args = append(args, bind("--ro-bind-try", r.host("/var/lib/dpkg"), "/var/lib/dpkg")...)
	args = append(args, r.mounts(s.Mounts)...)
	if s.Work != "" {
		args = append(args, bind("--bind", s.Work, WorkDir)...)
	}
	args = append(args, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", r.dir(s), "--")
	return slices.Concat(args, r.become(), identified(s.Mounts), s.Args)
}

// bind shows something at a path whose parents everybody may enter. The parents that bubblewrap makes by itself are
// root's alone where root sets it up.
func bind(how, from, to string) []string {
	var args []string
	for i, c := range to {
		if c == '/' && i > 0 {
			args = append(args, "--perms", "0755", "--dir", to[:i])
		}
	}
	return append(args, how, from, to)
}

// unshare has the sandbox's user make the namespaces, and nobody in them any more; or has root, where users may make none.
// That root needs rights to become the user, and to stand in a directory that is the user's alone.
func (r Sandbox) unshare() []string {
	if r.ByRoot {
		return []string{"--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try",
			"--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_DAC_READ_SEARCH"}
	}
	return []string{"--unshare-all", "--unshare-user", "--disable-userns", "--cap-drop", "ALL"}
}

// become gives up root's rights inside, where bubblewrap needed them. It names the program by its path: in the PATH of a
// build there are directories that an earlier step has written to.
func (r Sandbox) become() []string {
	if !r.ByRoot {
		return nil
	}
	uid, gid := strconv.FormatUint(uint64(r.UID), 10), strconv.FormatUint(uint64(r.GID), 10)
	return []string{setpriv, "--reuid", uid, "--regid", gid, "--clear-groups", "--inh-caps", "-all", "--"}
}

const setpriv = "/usr/bin/setpriv"

// scratch is a directory in memory that everybody may write to, up to half of what the limit leaves.
func (r Sandbox) scratch(dir string) []string {
	args := []string{"--perms", "1777"}
	if r.Limits.Memory > 0 {
		args = append(args, "--size", strconv.FormatInt(r.Limits.Memory/2, 10))
	}
	return append(args, "--tmpfs", dir)
}

// show binds a directory of the root read-only, or repeats it where it is a symbolic link (merged /usr).
func (r Sandbox) show(name string) []string {
	if target, err := os.Readlink(r.host(name)); err == nil {
		return []string{"--symlink", target, name}
	}
	return []string{"--ro-bind-try", r.host(name), name}
}
