// Package sandbox runs the programs that a module's source brings along: as an unprivileged user, without network,
// and, where bubblewrap works, in a file system of their own with one writable directory.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
)

// BuildUser is the system user that compiles when mago itself runs as root.
const BuildUser = "mago-build"

// Kind says how closed a sandbox is.
type Kind string

// The kinds of sandbox, from the closest to the most open.
const (
	Bubblewrap Kind = "bubblewrap" // own file system, processes and network
	Namespaces Kind = "namespaces" // own processes and network; the host's files, as the user and Landlock let them be read
	User       Kind = "user"       // what the user may not, and what Landlock and seccomp keep from it
)

// Auto is no kind, but the wish for the closest that works.
const Auto Kind = "auto"

// WorkDir is where a sandbox's writable directory stands inside bubblewrap: always the same, so that no path of this
// machine gets into a module; and the one that dkms.conf files in the wild spell out.
const WorkDir = "/var/lib/dkms"

// Sandbox is a place to run foreign programs in.
type Sandbox struct {
	Kind     Kind
	Root     string // the file system that programs see
	UserName string
	UID, GID uint32 // the user they run as; meaningful where mago runs as root
	Drop     bool   // whether mago is root and has to become that user
	ByRoot   bool   // whether root has to set bubblewrap up, because users may make no namespaces
	Landlock int    // the version that the kernel has of it, which sandboxes without bubblewrap go by; 0 for none
	Limits   Limits
	Held     Held   // what the kernel holds programs to by a control group
	Why      string // why the sandbox is no closer, such as "bubblewrap not installed"; "" for bubblewrap
}

// String describes the sandbox as the screen does.
func (r Sandbox) String() string {
	switch {
	case r.Kind == Bubblewrap:
		return r.UserName + " in bubblewrap, no network"
	case r.Kind == Namespaces && r.Landlock == 0:
		return fmt.Sprintf("%s, no network (%s)", r.UserName, r.Why)
	case r.Kind == Namespaces:
		return fmt.Sprintf("%s, no network, files by Landlock (%s)", r.UserName, r.Why)
	case r.Landlock == 0:
		return fmt.Sprintf("%s, not confined (%s)", r.UserName, r.Why)
	case r.Landlock < landlockSignals && !r.Drop:
		return fmt.Sprintf("%s, no network, files by Landlock, this user's processes within reach (%s)", r.UserName, r.Why)
	}
	return fmt.Sprintf("%s, no network, files by Landlock, other processes in sight (%s)", r.UserName, r.Why)
}

// UserError says that mago runs as root and the system lacks the user to build as.
type UserError struct{ Name string }

func (e *UserError) Error() string { return "no system user " + e.Name + " to build as" }

// UnavailableError says that the sandbox that was asked for cannot be had here, or, with Auto, none that closes anything.
type UnavailableError struct {
	Kind Kind
	Why  string
	Root bool // whether root asked
}

func (e *UnavailableError) Error() string {
	if e.Kind == Auto {
		return "no sandbox works here: " + e.Why
	}
	return fmt.Sprintf("the sandbox %s cannot be used (%s)", e.Kind, e.Why)
}

// BrokenError says that a sandbox that was found to work has failed by itself: no program in it is to blame.
type BrokenError struct {
	Kind  Kind
	Doing string // what could not be done
	Why   string // what was said of it, "" for nothing
}

func (e *BrokenError) Error() string {
	text := fmt.Sprintf("the sandbox (%s) fails: cannot %s", e.Kind, e.Doing)
	if e.Why != "" {
		text += ": " + e.Why
	}
	return text
}

// Wish is what a sandbox is asked for with.
type Wish struct {
	Root   string
	Work   string // host path of a directory that builds will work below; it is there
	AsRoot bool   // whether mago runs as root
	Nobody bool   // whether nobody stands in for a build user that is not there yet: for a dry run, which leaves nothing
	Kind   Kind   // Auto or "": the closest that works
	Limits Limits
}

// Choose finds the sandbox of the kind that is wished for, or the closest that works here, and never another; run executes
// the probes (nil: (*exec.Cmd).Run).
func Choose(ctx context.Context, w Wish, run func(*exec.Cmd) error) (Sandbox, error) {
	if err := ownProc(); err != nil {
		return Sandbox{}, err
	}
	box, err := w.occupant()
	if err != nil {
		return Sandbox{}, err
	}
	box.Limits, box.Landlock = w.Limits, landlockVersion()
	t, err := newTrial(w.Work, box)
	if err != nil {
		return Sandbox{}, err
	}
	defer t.remove()
	if w.Kind != "" && w.Kind != Auto {
		return box.only(ctx, w.Kind, t, run)
	}
	return box.closest(ctx, t, run)
}

// only is the sandbox of one kind.
func (r Sandbox) only(ctx context.Context, kind Kind, t trial, run func(*exec.Cmd) error) (Sandbox, error) {
	r, err := r.try(ctx, kind, t, run)
	switch {
	case ctx.Err() != nil:
		return Sandbox{}, ctx.Err()
	case errors.As(err, new(*ReachError)):
		return Sandbox{}, err
	case err != nil:
		return Sandbox{}, &UnavailableError{kind, err.Error(), r.Drop}
	}
	if kind != Bubblewrap {
		r.Why = "as --sandbox asks"
	}
	return r, nil
}

// closest is the sandbox of the first kind that works. One that would close in nothing has to be asked for by its name. Where
// none works and a directory is closed to the user, the error is that.
func (r Sandbox) closest(ctx context.Context, t trial, run func(*exec.Cmd) error) (Sandbox, error) {
	var reasons []string
	var reach *ReachError
	for _, kind := range []Kind{Bubblewrap, Namespaces, User} {
		tried, err := r.try(ctx, kind, t, run)
		if ctx.Err() != nil {
			return Sandbox{}, ctx.Err()
		}
		tried.Why = why(reasons)
		if err == nil && kind == User && !r.Drop && r.Landlock == 0 {
			err = errors.New("would leave a build all rights of this user: the kernel has no Landlock")
		}
		if err == nil && kind == User && r.Drop && !tried.Held.End {
			err = errNoEnd
		}
		if err == nil {
			return tried, nil
		}
		if short := shortage(err); short != nil {
			return Sandbox{}, fmt.Errorf("try the sandbox %s: %w", kind, short)
		}
		errors.As(err, &reach)
		reasons = append(reasons, string(kind)+" "+err.Error())
	}
	if reach != nil {
		return Sandbox{}, reach
	}
	return Sandbox{}, &UnavailableError{Auto, why(reasons), r.Drop}
}

// errNoEnd is about a sandbox without a PID namespace as well as without a control group.
var errNoEnd = errors.New("could not end processes that start others and end at once: no control group can be made here")

// why names the reason of two kinds once.
func why(reasons []string) string {
	if len(reasons) > 1 {
		if same, ok := strings.CutPrefix(reasons[0], string(Bubblewrap)); ok && reasons[1] == string(Namespaces)+same {
			reasons = append([]string{"bubblewrap and namespaces" + same}, reasons[2:]...)
		}
	}
	return strings.Join(reasons, ", ")
}

// try makes the sandbox one of a kind. Where users may make no namespaces, root can still make those of bubblewrap.
func (r Sandbox) try(ctx context.Context, kind Kind, t trial, run func(*exec.Cmd) error) (Sandbox, error) {
	r.Kind = kind
	err := r.probe(ctx, t, run)
	if kind != Bubblewrap || !r.Drop || !errors.Is(err, errRefused) {
		return r, err
	}
	byRoot := r
	byRoot.ByRoot = true
	switch failed := byRoot.probe(ctx, t, run); {
	case failed == nil:
		return byRoot, nil
	case !errors.Is(failed, errRefused):
		err = fmt.Errorf("%w; set up by root it %w", err, failed)
	}
	return r, err
}

// occupant is the user to build as: the invoking one, or the build user in place of root.
func (w Wish) occupant() (Sandbox, error) {
	if !w.AsRoot {
		return Sandbox{Root: w.Root, UserName: invoking()}, nil
	}
	name := BuildUser
	if w.Nobody && !HasUser(w.Root) {
		name = "nobody"
	}
	uid, gid, err := lookup(w.Root, name)
	if err != nil {
		return Sandbox{}, err
	}
	return Sandbox{Root: w.Root, UserName: name, UID: uid, GID: gid, Drop: true}, nil
}

// invoking names the user who runs mago; one that the system has no name for goes by number.
func invoking() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return strconv.Itoa(os.Getuid())
}

func atoi32(s string) (uint32, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err
}
