package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"mago/debpkg/rooted"
)

// Spec is one program to run in a sandbox.
type Spec struct {
	Args   []string // program and arguments; the program is looked up inside the sandbox
	Dir    string   // working directory below Work, "" for Work itself
	Env    []string // the whole environment but for PATH, HOME and the like, which the sandbox sets
	Work   string   // host path of the one writable directory; "" for none
	Mounts []Mount
	Files  []*os.File // open files that it gets as descriptors 3, 4 and so on
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
}

// Path is the inside name of the writable directory whose host path is work. Only bubblewrap can show one that does
// not lie under the root.
func (r Sandbox) Path(work string) string {
	if r.Kind == Bubblewrap {
		return WorkDir
	}
	inside, _ := r.inside(work)
	return inside
}

// Temp is the inside name of a directory for temporary files, of programs whose writable directory is work.
func (r Sandbox) Temp(work string) string {
	if r.Kind == Bubblewrap || work == "" {
		return "/tmp"
	}
	return filepath.Join(r.Path(work), temporary)
}

// temporary lies in the writable directory of sandboxes that share the system's /tmp, and are kept from it.
const temporary = "_tmp"

// inside takes the root off a host path; ok is false where the path does not lie under it.
func (r Sandbox) inside(work string) (path string, ok bool) {
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

// Run runs a program in the sandbox, by run (nil: (*exec.Cmd).Run), until it and all that it has started has ended, or ctx
// has. In a session of its own it has no terminal to read from or to put words into. Without Stdin it reads /dev/null.
// Where it takes more than the sandbox's limits it is ended, and the error is a *LimitError. Where it fills the disk it is
// ended, too, and that is syscall.ENOSPC; as it is where the program fails and nothing is free any more. Where it uses up
// the machine's memory that is syscall.ENOMEM. Where it could not be started the error is a *BrokenError.
func (r Sandbox) Run(ctx context.Context, s Spec, run func(*exec.Cmd) error) error {
	_, err := r.run(ctx, s, run)
	return err
}

// run tells also what the kernel held the program to.
func (r Sandbox) run(ctx context.Context, s Spec, run func(*exec.Cmd) error) (held Held, err error) {
	cmd, verdict, err := r.command(ctx, s)
	if err != nil {
		return held, err
	}
	defer verdict.Close()
	if run == nil {
		run = (*exec.Cmd).Run
	}
	err = run(cmd)
	if ctx.Err() != nil {
		return held, err
	}
	held, why := r.judge(verdict)
	var broken *BrokenError
	if errors.As(why, &broken) {
		broken.Doing = "start " + s.Args[0]
	}
	if why != nil {
		return held, why
	}
	return held, err
}

// judge reads what the warden has told: what is held, and its verdict.
func (r Sandbox) judge(from *os.File) (held Held, err error) {
	text := make([]byte, 256)
	n, err := from.ReadAt(text, 0)
	if err != io.EOF {
		return held, fmt.Errorf("look into the sandbox: %w", err)
	}
	first, why, ok := strings.Cut(string(text[:n]), "\n")
	if !ok {
		return held, r.sentence(verdict(first)) // it did not get as far as to hold anything
	}
	if err := json.Unmarshal([]byte(first), &held); err != nil {
		return held, fmt.Errorf("look into the sandbox: %w", err)
	}
	return held, r.sentence(verdict(why))
}

// sentence is the error that a verdict means.
func (r Sandbox) sentence(why verdict) error {
	switch {
	case why == full:
		return fmt.Errorf("ended because it had left only a %dth of the free disk space: %w", reserved, syscall.ENOSPC)
	case why == exhausted:
		return fmt.Errorf("ended because only a %dth of the machine's available memory was left: %w", reserved, syscall.ENOMEM)
	case why == starved:
		return fmt.Errorf("failed while the disk was full: %w", syscall.ENOSPC)
	case why == unbegun:
		return &BrokenError{Kind: r.Kind}
	case slices.Contains(LimitNames, string(why)):
		return r.Limits.Exceeded(string(why))
	}
	return nil
}

// patience is how long a warden gets to end everything; it takes milliseconds.
const patience = 20 * time.Second

// command prepares the warden of a program. What it has to say is in the file, once it has ended.
func (r Sandbox) command(ctx context.Context, s Spec) (*exec.Cmd, *os.File, error) {
	sealDescriptors()
	o, err := r.order(s)
	if err != nil {
		return nil, nil, err
	}
	args, err := o.command(wardenName)
	if err != nil {
		return nil, nil, err
	}
	fd, err := unix.MemfdCreate("verdict", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, nil, fmt.Errorf("memfd_create: %w", err)
	}
	verdict := os.NewFile(uintptr(fd), "verdict")
	cmd := exec.CommandContext(ctx, self)
	cmd.Args, cmd.Dir, cmd.ExtraFiles = args, "/", append([]*os.File{verdict}, s.Files...)
	cmd.Env = append(r.environment(s.Work), s.Env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.Stdin, s.Stdout, s.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = patience
	return cmd, verdict, nil
}

// order is what the warden and the entrant get to know of a program.
func (r Sandbox) order(s Spec) (order, error) {
	o := order{Kind: r.Kind, Group: r.groupBy(), Held: r.Held, Limits: r.Limits, Drop: r.Drop && !r.ByRoot, UID: r.UID, GID: r.GID, Watched: s.Work, Dir: "/"}
	o.Files = len(s.Files)
	if r.Kind == Bubblewrap {
		if _, err := exec.LookPath("bwrap"); err != nil {
			return o, err
		}
		o.Args = slices.Concat([]string{"bwrap"}, o.tellingArgs(), r.bubblewrap(s))
		return o, nil
	}
	if err := r.inPlace(s.Mounts); err != nil {
		return o, err
	}
	o.Args, o.User = s.Args, r.Kind == Namespaces && !r.Drop
	if root := r.host("/"); root != "/" {
		o.Chroot = root
	}
	o.Read, o.Mounts = slices.Concat(system, []string{"/proc", "/var/lib/dpkg"}), s.Mounts
	if s.Work == "" {
		return o, nil
	}
	work, ok := r.inside(s.Work)
	if !ok {
		return o, fmt.Errorf("work directory %s does not lie under root %s", s.Work, r.Root)
	}
	o.Dir, o.Temp, o.Write = filepath.Join(work, s.Dir), r.Temp(s.Work), []string{work}
	return o, nil
}

// Wrapped gives a sandbox's command as it is to be run at last, for tests that run it in another way.
func Wrapped(cmd *exec.Cmd) (kind Kind, args []string, dir string, ok bool) {
	var o order
	if len(cmd.Args) != 2 || cmd.Args[0] != wardenName || json.Unmarshal([]byte(cmd.Args[1]), &o) != nil {
		return "", nil, "", false
	}
	return o.Kind, o.Args, o.Dir, true
}

// ProgramDirs are the directories of the PATH that a program in a sandbox finds set.
var ProgramDirs = []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}

// environment is all that a program in a sandbox finds set, whatever the caller's environment holds.
func (r Sandbox) environment(work string) []string {
	return []string{
		"PATH=" + strings.Join(ProgramDirs, ":"),
		"HOME=/nonexistent", "SHELL=/bin/bash", "TMPDIR=" + r.Temp(work), "TZ=UTC", "LC_ALL=C.UTF-8", "USER=" + r.UserName, "LOGNAME=" + r.UserName,
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

func (r Sandbox) root() rooted.Root { return rooted.Root(r.Root) }

func (r Sandbox) host(path string) string { return filepath.Join(r.root().String(), path) }
