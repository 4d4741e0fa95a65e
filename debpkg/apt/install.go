package apt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"time"

	"mago/debpkg"
	"mago/debpkg/control"
	"mago/debpkg/rooted"
	"mago/debpkg/word"
)

// Installer installs packages with dpkg, and with apt-get what they need. The zero value works on the running system.
type Installer struct {
	// Root is the system to work on, "" for "/". The tools' arguments are the same for all roots: a Run that
	// enters Root has to be supplied with it.
	Root rooted.Root
	// Run runs a tool, (*exec.Cmd).Run if nil.
	Run func(*exec.Cmd) error
	// Query runs a tool that changes nothing and needs no root, Run if nil.
	Query func(*exec.Cmd) error
	// DryRun says that Run runs nothing, so that what it would have done is not checked.
	DryRun bool
	// Unauthenticated says that apt may take packages from archives whose signature it could not check.
	Unauthenticated bool
	// Unchecked, if not nil, is told which packages apt-get has taken or refused because it could check no signature of theirs,
	// and which it kept that were to be installed again, because no archive has them.
	Unchecked func(unchecked, kept []string)
	// Foreseen, if not nil, is told what apt-get install is about to do, and what for, when nobody else is at it.
	Foreseen func(asked []word.Target, coming Transaction, cost Cost)
	// Progress, if not nil, is told how far apt-get install is, while it runs, by another goroutine.
	Progress func(Progress)
	// NonInteractive keeps debconf from asking questions.
	NonInteractive bool
	Stdout, Stderr io.Writer
	// LockTimeout is how long to wait for other processes that use apt and dpkg; 0 is without end, negative not at all.
	LockTimeout time.Duration
	// Waiting, if not nil, is told who is waited for, again where that changes, and nil once the wait is over.
	Waiting func(*LockedError)
	// Before, if not nil, is called when nobody else is at it, before dpkg or apt-get; its error is Install's.
	Before func() error
	// Kept, if not nil, is told of each conffile that dpkg has left as the administrator has it, or has removed it, though
	// the package brings another: that one lies beside it then, with the ending .dpkg-dist. The path is within Root.
	Kept func(conffile string)
	// Brings, if not nil, is told what apt-get will install or upgrade beside the .debs, before it does.
	Brings func([]Change)
	// Previous, if not nil, gives the .deb of a package as it is installed, as a path of the caller's, or none: to go back to.
	Previous func(name, version string) (debs []string)
	// Warned, if not nil, is told of what packages' own scripts have warned of, in their words.
	Warned func(text string)
	// Finishing, if not nil, is told which tool the end of the context does not stop: apt-get and dpkg finish what dpkg
	// has begun.
	Finishing func(tool string)
}

// Install installs .debs with dpkg, or with apt-get where they need packages that neither the system nor the .debs have, or
// cannot be beside what is there: apt-get sees what the .debs provide. The .debs are paths of the caller's; they must lie
// within Root. It fails with *FormatError, with *UnmetError, *ConflictError, *DKMSError or *LockedError (nothing was installed),
// with *ToolError, or with *UndoneError where dpkg had begun.
func (in *Installer) Install(ctx context.Context, debs ...string) error {
	return in.InstallEach(ctx, debs)
}

// InstallEach is Install of several sets of .debs in one run; a .deb may be in several of them. Where dpkg fails for one, those
// sets stay that it has installed whole: dpkg goes on with the others.
func (in *Installer) InstallEach(ctx context.Context, sets ...[]string) error {
	var debs []string
	for _, deb := range slices.Concat(sets...) {
		if !slices.Contains(debs, deb) {
			debs = append(debs, deb)
		}
	}
	paths, err := in.withinRoot(debs)
	if err != nil {
		return err
	}
	coming, err := readArriving(debs, paths)
	if err != nil {
		return err
	}
	for i, deb := range debs {
		for set, has := range sets {
			if slices.Contains(has, deb) {
				coming[i].sets = append(coming[i].sets, set)
			}
		}
	}
	err = in.installOnce(ctx, false, paths, coming)
	if errors.Is(err, errNeedsApt) {
		err = in.installOnce(ctx, true, paths, coming)
	}
	return err
}

// errNeedsApt says that dpkg alone cannot install packages, and that apt's own locks are to be waited for, too.
var errNeedsApt = errors.New("apt-get is needed")

// installOnce looks at what is installed when nobody else is at it: whoever was waited for may have changed that.
func (in *Installer) installOnce(ctx context.Context, mayApt bool, paths []string, coming []arriving) error {
	locks := dpkgLocks
	if mayApt {
		locks = installLocks
	}
	var before *Status // as it was when dpkg or apt-get began, nil before
	err := in.exclusively(ctx, locks, nil, func() error {
		before = nil
		status, err := ReadStatus(in.Root)
		if err != nil {
			return err
		}
		args, err := in.howToRun(ctx, status, paths, coming, mayApt)
		if err != nil {
			return err
		}
		if in.Before != nil && !in.DryRun {
			if err := in.Before(); err != nil {
				return err
			}
		}
		if before, err = ReadStatus(in.Root); err != nil { // apt may have thought for long
			return err
		}
		for i, a := range coming {
			coming[i].known = in.isKnown(a.name())
		}
		return in.keeping(func() error { return in.tool(ctx, args[0], args[1:]...) })
	})
	if before == nil {
		return err
	}
	return in.hindered(in.undo(ctx, before, coming, err))
}

// howToRun gives the command that installs packages, dpkg where that can do it. It fails with errNeedsApt where apt-get has to,
// and may not.
func (in *Installer) howToRun(ctx context.Context, status *Status, paths []string, coming []arriving, mayApt bool) ([]string, error) {
	lacking, err := status.lacking(coming)
	switch {
	case err != nil:
		return nil, err
	case !lacking.any():
		return slices.Concat([]string{"dpkg", "-i", keepConffiles, "--"}, paths), nil
	case !mayApt:
		return nil, errNeedsApt
	}
	how, err := in.resolve(ctx, howToInstall(status, coming, paths), lacking)
	return append([]string{"apt-get"}, in.aptInstall(how, nil, in.tellingProgress()...)...), err
}

// arriving is a .deb that is about to be installed.
type arriving struct {
	control.Paragraph
	path      string // within Root
	conffiles bool   // whether it has some
	known     bool   // whether dpkg knew a package of its name before
	sets      []int  // that it is in
}

func (a arriving) name() string { return strings.ToLower(a.Get("Package")) }

func readArriving(debs, paths []string) (all []arriving, err error) {
	for i, deb := range debs {
		r, err := debpkg.Open(deb)
		if err != nil {
			return nil, err
		}
		r.Close()
		all = append(all, arriving{Paragraph: r.Control(), path: paths[i], conffiles: len(r.Script("conffiles")) > 0})
	}
	return all, nil
}

// withinRoot gives the paths as programs see them that run inside Root.
func (in *Installer) withinRoot(debs []string) (names []string, err error) {
	for _, deb := range debs {
		name, err := in.Root.Inside(deb)
		if err != nil {
			return nil, fmt.Errorf("install: %w", err)
		}
		names = append(names, name)
	}
	return names, nil
}
