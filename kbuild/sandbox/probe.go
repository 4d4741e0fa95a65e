package sandbox

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"mago/debpkg/lazy"
)

//go:embed probe.sh
var probeScript []byte

// probeName is what the script is called in a trial's directory.
const probeName = "mago-probe"

var (
	errRefused      = errors.New("refused: the kernel lets this user make no namespaces")
	errNotInstalled = errors.New("not installed")
)

// probe has the sandbox's user do what builds do in their directory, and notes what the kernel holds there; its error says
// what is wrong with the sandbox.
func (r *Sandbox) probe(ctx context.Context, t trial, run func(*exec.Cmd) error) error {
	spec := t.spec(*r)
	var stderr strings.Builder
	spec.Stderr = &stderr
	held, err := r.run(ctx, spec, run)
	if err == nil {
		r.Held = held
		return r.closedToMounts(t)
	}
	complaint, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n")
	_, complaint, _ = strings.Cut(complaint, ": ")
	complaint = strings.TrimLeft(complaint, "0123456789: ") // a shell names the line
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return errNotInstalled
	case refusesNamespaces().MatchString(complaint):
		return errRefused
	}
	if closed := r.Closed(t.dir); closed != nil && strings.Contains(complaint, "ermission denied") {
		return closed
	}
	if complaint != "" {
		return fmt.Errorf("does not work: %s", complaint)
	}
	return fmt.Errorf("does not work: %w", err)
}

// closedToMounts gives an error where the user alone could not get to its directory, whatever root shows it.
func (r Sandbox) closedToMounts(t trial) error {
	if r.Mounts {
		return r.Closed(t.dir)
	}
	return nil
}

// refusesNamespaces is what bubblewrap and the warden say where namespaces are switched off: by sysctl, in a chroot, by
// AppArmor, in a container.
var refusesNamespaces = lazy.Regexp(`(?i)new namespace|uid map|RTM_NEWADDR|set up the sandbox: operation not permitted|set up the sandbox: no space left`)

// spec is the probe of a sandbox in the trial's directory, and where the sandbox can mount it elsewhere, there as well.
func (t trial) spec(r Sandbox) Spec {
	name, inside := string(r.Kind), r.Path(t.dir)
	if r.ByRoot {
		name += "-by-root"
	}
	if r.Mounts {
		name += "-mounts"
	}
	s := Spec{Work: t.dir, Args: []string{filepath.Join(inside, probeName), name, inside}}
	if t.noexec() {
		s.Args = append([]string{"/bin/sh"}, s.Args...) // in no kind of sandbox can builds run what they make here
	}
	if m := (Mount{Host: filepath.Join(t.dir, "mounted"), Path: "/usr/src/" + probeName, Writable: true}); r.Shows() {
		s.Mounts, s.Args = []Mount{m}, append(s.Args, m.Path)
	}
	return s
}

func (t trial) noexec() bool {
	var disk unix.Statfs_t
	return unix.Statfs(t.dir, &disk) == nil && disk.Flags&unix.ST_NOEXEC != 0
}
