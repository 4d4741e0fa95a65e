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
	lacks := false
	for _, kind := range []Kind{Bubblewrap, Namespaces, User} {
		tried, err := r.try(ctx, kind, t, run)
		if ctx.Err() != nil {
			return Sandbox{}, ctx.Err()
		}
		tried.Why, tried.Lacks = why(reasons), lacks
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
		lacks = errors.Is(err, errNotInstalled) || lacks && !errors.Is(err, errRefused)
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

// try makes the sandbox one of a kind. Where users may make no namespaces, root can still make those of bubblewrap; where
// nothing can be mounted in namespaces, the others do without.
func (r Sandbox) try(ctx context.Context, kind Kind, t trial, run func(*exec.Cmd) error) (Sandbox, error) {
	r.Kind, r.Mounts = kind, kind == Namespaces
	err := r.probe(ctx, t, run)
	if err != nil && r.Mounts {
		r.Mounts = false
		err = r.probe(ctx, t, run)
	}
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
	if err := CheckUsers(); err != nil {
		return Sandbox{}, err
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
