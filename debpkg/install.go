package debpkg

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"mago/debpkg/control"
	"mago/debpkg/word"
)

// Installer installs packages with dpkg, and with apt-get what they need. The zero value works on the running system.
type Installer struct {
	// Root is the system to work on, "" for "/". The tools' arguments are the same for all roots: a Run that
	// enters Root has to be supplied with it.
	Root string
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
	// NonInteractive keeps debconf from asking questions.
	NonInteractive bool
	Stdout, Stderr io.Writer
	// LockTimeout is how long to wait for other processes that use apt and dpkg; 0 is without end, negative not at all.
	LockTimeout time.Duration
	// Waiting, if not nil, is told who is waited for, again where that changes, and nil once the wait is over.
	Waiting func(*LockedError)
	// Before, if not nil, is called when all that is needed is there and nobody else is at it, before dpkg; its error is Install's.
	Before func() error
	// Kept, if not nil, is told of each conffile that dpkg has left as the administrator has it, or has removed it, though
	// the package brings another: that one lies beside it then, with the ending .dpkg-dist. The path is within Root.
	Kept func(conffile string)
	// Finishing, if not nil, is told which tool the end of the context does not stop: apt-get and dpkg finish what dpkg
	// has begun.
	Finishing func(tool string)
}

// Install installs .debs, after the packages that they need and that neither the system nor the .debs have: those come
// from apt first, so that dpkg leaves nothing half configured. The .debs are paths of the caller's; they must lie
// within Root. It fails with *FormatError, with *UnmetError or *LockedError (nothing was installed of the .debs), or
// with *ToolError.
func (in *Installer) Install(ctx context.Context, debs ...string) error {
	paths, err := in.withinRoot(debs)
	if err != nil {
		return err
	}
	paragraphs, err := readParagraphs(debs)
	if err != nil {
		return err
	}
	if err := in.installNeeds(ctx, paragraphs); err != nil {
		return err
	}
	return in.exclusively(ctx, dpkgLocks, nil, func() error {
		if in.Before != nil && !in.DryRun {
			if err := in.Before(); err != nil {
				return err
			}
		}
		return in.keeping(func() error {
			return in.tool(ctx, "dpkg", slices.Concat([]string{"-i", keepConffiles, "--"}, paths)...)
		})
	})
}

// withinRoot gives the paths as programs see them that run inside Root.
func (in *Installer) withinRoot(debs []string) ([]string, error) {
	root, err := filepath.Abs(filepath.Join("/", in.Root))
	if err != nil {
		return nil, err
	}
	var inside []string
	for _, deb := range debs {
		path, err := filepath.Abs(deb)
		if err != nil {
			return nil, err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil || !filepath.IsLocal(rel) {
			return nil, fmt.Errorf("install %s: not within %s", deb, root)
		}
		inside = append(inside, "/"+rel)
	}
	return inside, nil
}

func readParagraphs(debs []string) ([]control.Paragraph, error) {
	var paragraphs []control.Paragraph
	for _, deb := range debs {
		r, err := Open(deb)
		if err != nil {
			return nil, err
		}
		r.Close()
		paragraphs = append(paragraphs, r.Control())
	}
	return paragraphs, nil
}

// installNeeds asks apt for the packages by name and looks afterwards whether their versions do.
func (in *Installer) installNeeds(ctx context.Context, debs []control.Paragraph) error {
	unmet, err := in.unmet(debs)
	if err != nil || len(unmet) == 0 {
		return err
	}
	var packages []word.Target
	for _, u := range unmet {
		chosen, err := in.choose(ctx, u)
		if err != nil {
			return err
		}
		packages = append(packages, chosen...)
	}
	done := func() bool {
		unmet, err := in.unmet(debs)
		return err == nil && len(unmet) == 0
	}
	if err := in.FromApt(ctx, AptInstall{Need: true}, packages, done); err != nil || in.DryRun {
		return err
	}
	unmet, err = in.unmet(debs)
	if err == nil && len(unmet) > 0 {
		err = unmet[0]
	}
	return err
}

// unmet lists what each package still needs.
func (in *Installer) unmet(debs []control.Paragraph) ([]*UnmetError, error) {
	status, err := ReadStatus(in.Root)
	if err != nil {
		return nil, err
	}
	status = status.With(debs...)
	var all []*UnmetError
	for _, deb := range debs {
		u := &UnmetError{Package: deb.Get("Package")}
		for _, field := range []string{"Pre-Depends", "Depends"} {
			relations, err := status.Unmet(deb.Get(field))
			if err != nil {
				return nil, fmt.Errorf("install %s: %s: %w", u.Package, field, err)
			}
			u.Relations = append(u.Relations, relations...)
		}
		if len(u.Relations) > 0 {
			all = append(all, u)
		}
	}
	return all, nil
}
