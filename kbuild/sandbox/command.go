package sandbox

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Spec is one program to run in a room.
type Spec struct {
	Args     []string // program and arguments; the program is looked up inside the room
	Dir      string   // working directory below Work, "" for Work itself
	Env      []string // the whole environment but for PATH, HOME and the like, which the room sets
	Work     string   // host path of the one writable directory; "" for none
	ReadOnly []string // directories inside the root, not under /usr or /etc, that it may read
	Places   []Place  // what stands at another place, too; only bubblewrap can do that
	Stdin    io.Reader
	Stdout   io.Writer
	Stderr   io.Writer
}

// Path is the inside name of the writable directory whose host path is work. Only bubblewrap can show one that does
// not lie under the root.
func (r Room) Path(work string) string {
	if r.Kind == Bubblewrap {
		return Mount
	}
	inside, _ := r.inside(work)
	return inside
}

// inside takes the root off a host path; ok is false where the path does not lie under it.
func (r Room) inside(work string) (path string, ok bool) {
	root := r.host("/")
	for _, resolve := range []func(string) string{filepath.Clean, realPath} {
		rel, err := filepath.Rel(resolve(root), resolve(work))
		if err == nil && rel != ".." && !strings.HasPrefix(rel, "../") {
			return filepath.Join("/", rel), true
		}
	}
	return filepath.Clean(work), false
}

// realPath resolves symbolic links; a path that is not there stays as it is.
func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// lingering is how long the output of a program without a PID namespace is waited for after its end: what it has left
// behind may hold that open. A namespace leaves nothing, so there all of the output is waited for.
const lingering = 2 * time.Second

// Command prepares a program to run in the room. It ends, with all it started, when ctx does. In a session of its own it
// has no terminal to read from or to put words into. Without Stdin it reads /dev/null.
func (r Room) Command(ctx context.Context, s Spec) *exec.Cmd {
	sealDescriptors()
	var cmd *exec.Cmd
	if r.Kind == Bubblewrap {
		cmd = exec.CommandContext(ctx, "bwrap", r.bubblewrap(s)...)
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: r.credential()}
	} else {
		cmd = r.bare(ctx, s)
	}
	cmd.Env = append(environment(r.UserName), s.Env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.Stdin, s.Stdout, s.Stderr
	cmd.SysProcAttr.Setsid = true
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	if r.Kind == User {
		cmd.WaitDelay = lingering
	}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd
}

// environment is all that a program in a room finds set, whatever the caller's environment holds.
func environment(user string) []string {
	return []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/nonexistent", "SHELL=/bin/bash", "TMPDIR=/tmp", "TZ=UTC", "LC_ALL=C.UTF-8", "USER=" + user, "LOGNAME=" + user,
	}
}

// sealDescriptors keeps what mago itself inherited open from reaching the programs; what Go opens never does.
func sealDescriptors() {
	const first = 3 // after stdin, stdout and stderr
	if unix.CloseRange(first, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) == nil {
		return
	}
	open, _ := os.ReadDir("/proc/self/fd") // before Linux 5.11
	for _, entry := range open {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd >= first {
			syscall.CloseOnExec(fd)
		}
	}
}

// bare runs without bubblewrap. setpriv closes the ways back to root; the namespaces, where they work, take
// network, processes and shared memory away.
func (r Room) bare(ctx context.Context, s Spec) *exec.Cmd {
	args := append([]string{"--no-new-privs", "--"}, s.Args...)
	cmd := exec.CommandContext(ctx, "setpriv", args...)
	attr := &syscall.SysProcAttr{Credential: r.credential()}
	if r.Kind == Namespaces {
		attr.Cloneflags = syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS
		if !r.Drop {
			enterUserNamespace(attr)
		}
	}
	if root := filepath.Clean("/" + r.Root); root != "/" {
		attr.Chroot = root
		cmd.Path, cmd.Err = "/usr/bin/setpriv", nil
	}
	cmd.Dir = "/"
	if s.Work != "" {
		work, ok := r.inside(s.Work)
		if !ok {
			cmd.Err = fmt.Errorf("work directory %s does not lie under root %s", s.Work, r.Root)
		}
		cmd.Dir = filepath.Join(work, s.Dir)
	}
	cmd.SysProcAttr = attr
	return cmd
}

// enterUserNamespace lets an ordinary user make the other namespaces; in there it is still the same user.
func enterUserNamespace(attr *syscall.SysProcAttr) {
	attr.Cloneflags |= syscall.CLONE_NEWUSER
	attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
	attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
}

// bubblewrap lays out a file system: the system's programs and settings read-only, no homes, no /var but dpkg's
// files, private /tmp, and the writable directory.
func (r Room) bubblewrap(s Spec) []string {
	args := []string{"--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--hostname", "mago", "--tmpfs", "/"}
	for _, name := range []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt", "/boot"} {
		args = append(args, r.show(name)...)
	}
	args = append(args, r.places(s.Places)...)
	args = append(args, "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--ro-bind-try", r.host("/var/lib/dpkg"), "/var/lib/dpkg")
	for _, dir := range s.ReadOnly {
		args = append(args, "--ro-bind", r.host(dir), dir)
	}
	if s.Work == "" {
		return append(append(args, "--chdir", "/", "--"), s.Args...)
	}
	args = append(args, "--bind", s.Work, Mount, "--chdir", filepath.Join(Mount, s.Dir), "--")
	return append(args, s.Args...)
}

// show binds a directory of the root read-only, or repeats it where it is a symbolic link (merged /usr).
func (r Room) show(name string) []string {
	if target, err := os.Readlink(r.host(name)); err == nil {
		return []string{"--symlink", target, name}
	}
	return []string{"--ro-bind-try", r.host(name), name}
}

func (r Room) host(path string) string { return filepath.Join("/", r.Root, path) }
