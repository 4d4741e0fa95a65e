package engine

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"mago/kbuild/signing/pkcs11"
)

// Machine is what mago needs of the running system beside its files; tests put another in its place.
type Machine struct {
	AsRoot      bool                  // whether mago has root's rights
	Run         func(*exec.Cmd) error // starts a program that is ready to start, and waits for it
	ConfTimeout time.Duration         // see recipe.Host

	Tokens  pkcs11.Helper                                  // starts what talks to tokens that have keys; its Run and Errors are the engine's
	Inhibit func(why string) (release func(), mode string) // see inhibit
	Free    func(dir string) (bytes int64, err error)      // what root may write there; nil asks the file system
}

// host runs the system's own programs (apt, dpkg, useradd) in the root that mago works on.
type host struct {
	Machine
	root   string
	sudo   []string // -S
	dryRun bool
	say    reporter

	verbose     bool
	uninhibited atomic.Bool // whether there is nobody to ask, which is found out once
}

// awake keeps the machine from being shut down or put to sleep until release is called, where it has somebody to ask.
func (h *host) awake(why string) (release func()) {
	if !h.uninhibited.Load() && h.Inhibit != nil {
		release, mode := h.Inhibit(why)
		if h.verbose && release != nil {
			h.say.note("power", "shutdown and sleep are put off while %s (%s)", why, mode)
		}
		if release != nil {
			return release
		}
		h.uninhibited.Store(true)
	}
	return func() {}
}

// NotRootError says that a command needs rights which mago does not have.
type NotRootError struct {
	What string
}

func (e *NotRootError) Error() string { return e.What + " needs root" }

// mayChange refuses early what could only fail later: changing the system without root and without -S.
func (h *host) mayChange(what string) error {
	if h.AsRoot || len(h.sudo) > 0 || h.dryRun {
		return nil
	}
	return &NotRootError{What: what}
}

// query runs a program that reads the system, or writes to mago's own cache only. It ends with mago, however that ends.
func (h *host) query(cmd *exec.Cmd) error {
	inEnglish(cmd)
	h.enter(cmd)
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL // else a download goes on where the next run begins one
	return h.Run(cmd)
}

// change runs a program that changes the system: with -S through that command, with --dry-run not at all. Where mago is
// killed it goes on: dpkg leaves nothing half installed that it can bring to its end.
func (h *host) change(cmd *exec.Cmd) error {
	if h.dryRun {
		if h.verbose {
			h.say.advise("would run", h.typed(cmd.Args))
		}
		return nil
	}
	inEnglish(cmd)
	defer h.awake("apt or dpkg is at work")()
	if len(h.sudo) > 0 && !h.AsRoot {
		if _, err := exec.LookPath(h.sudo[0]); err != nil {
			return fmt.Errorf("-S: %w", err)
		}
		cmd.Args = slices.Concat(ignoringSignals(cmd), h.sudo, h.intoRoot(), cmd.Args)
		cmd.Path, cmd.Err = exec.LookPath(cmd.Args[0])
		return h.Run(cmd)
	}
	h.enter(cmd)
	return h.Run(cmd)
}

// typed is a command line as a shell takes it.
func (h *host) typed(args []string) string {
	words := slices.Concat(h.intoRoot(), args)
	if !h.AsRoot {
		words = slices.Concat(h.sudo, words)
	}
	return typed(words)
}

// ignoringSignals keeps a terminal's signals from a program that changes the system and stands in mago's own process group, since
// sudo is to ask for a password: Ctrl-C there would stop dpkg half way. sudo(8) passes on what is ignored. apt-get update
// may be stopped.
func ignoringSignals(cmd *exec.Cmd) []string {
	if slices.Contains(cmd.Args, "update") {
		return nil
	}
	return []string{"env", "--ignore-signal=INT,QUIT,HUP"}
}

// inEnglish has a program speak as mago does, which also reads what it says.
func inEnglish(cmd *exec.Cmd) { cmd.Env = append(cmd.Environ(), "LC_ALL=C.UTF-8") }

// enter makes a program one of the root's: looked up there, and started there.
func (h *host) enter(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true // a terminal's Ctrl-C reaches mago alone, which then ends the program in order
	if h.root == "/" {
		return
	}
	if cmd.Dir == "" {
		cmd.Dir = "/"
	}
	if !h.AsRoot {
		h.enterUnprivileged(cmd)
		return
	}
	cmd.SysProcAttr.Chroot = h.root
	for _, dir := range []string{"/usr/sbin", "/usr/bin", "/sbin", "/bin"} {
		path := filepath.Join(dir, filepath.Base(cmd.Path))
		if _, err := os.Stat(filepath.Join(h.root, path)); err == nil {
			cmd.Path, cmd.Err = path, nil
			return
		}
	}
}

// intoRoot is what stands before a program that root is to run in the root; chroot(2) itself is not for us to call then.
func (h *host) intoRoot() []string {
	if h.root == "/" {
		return nil
	}
	return []string{"chroot", h.root}
}

// enterUnprivileged enters the root with bubblewrap, since chroot(2) is root's.
func (h *host) enterUnprivileged(cmd *exec.Cmd) {
	args := []string{"bwrap", "--bind", h.root, "/", "--dev", "/dev", "--proc", "/proc", "--chdir", cmd.Dir, "--die-with-parent", "--"}
	args = append(append(args, filepath.Base(cmd.Path)), cmd.Args[1:]...)
	path, err := exec.LookPath("bwrap")
	cmd.Path, cmd.Err, cmd.Args, cmd.Dir = path, err, args, ""
}
