package debpkg

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// UndoneError says that an installation has failed when dpkg had begun, and what became of that: all is as it was before but
// for the packages that are left.
type UndoneError struct {
	Err  error
	Left []string // what dpkg has not finished with, and mago could not undo without force
}

func (e *UndoneError) Error() string {
	if len(e.Left) > 0 {
		return e.Err.Error() + "; dpkg is not done with " + strings.Join(e.Left, ", ")
	}
	return e.Err.Error()
}

func (e *UndoneError) Unwrap() error { return e.Err }

// unpacked reports whether dpkg has come to work on a package, and is not at its end with it.
func (s *Status) unpacked(name string) bool {
	return slices.Contains(s.unfinished, name) || slices.Contains(s.broken, name)
}

// undo leaves nothing of an installation that has failed: what is new is removed, and of what was there the earlier package
// installed again, where Previous has it. Nothing is forced.
func (in *Installer) undo(ctx context.Context, before *Status, coming []arriving, failure error) error {
	if tool := (*ToolError)(nil); !errors.As(failure, &tool) || in.DryRun {
		return failure
	}
	now, err := ReadStatus(in.Root)
	if err != nil || !slices.ContainsFunc(coming, func(a arriving) bool { return now.unpacked(a.name()) }) {
		return errors.Join(failure, err)
	}
	ctx = context.WithoutCancel(ctx) // what was begun is brought to an end
	var earlier, added, unknown []string
	for _, a := range coming {
		was, there := before.Installed(a.name())
		is, done := now.Installed(a.name())
		switch {
		case !there && (done || now.unpacked(a.name())):
			added = append(added, a.name())
			if !a.known && !a.conffiles {
				unknown = append(unknown, a.name())
			}
		case there && in.Previous != nil && (!done || is.Version != was.Version):
			earlier = append(earlier, in.Previous(was.Package, was.Version)...)
		}
	}
	inside, err := in.withinRoot(earlier)
	if err == nil {
		in.dpkg(ctx, inside, "-i", keepConffiles)
		in.dpkg(ctx, added, "--remove")
		in.dpkg(ctx, unknown, "--purge") // of what it has removed dpkg keeps the scripts
	}
	undone := &UndoneError{Err: failure}
	now, err = ReadStatus(in.Root)
	for _, a := range coming {
		if err != nil || now.unpacked(a.name()) {
			undone.Left = append(undone.Left, a.name())
		}
	}
	return undone
}

// dpkg runs dpkg for some packages. What fails is seen in the status then.
func (in *Installer) dpkg(ctx context.Context, packages []string, args ...string) {
	if len(packages) > 0 {
		_ = in.exclusively(ctx, dpkgLocks, nil, func() error {
			return in.tool(ctx, "dpkg", slices.Concat(args, []string{"--"}, packages)...)
		})
	}
}

// isKnown reports whether dpkg has files of a package, if only its configuration.
func (in *Installer) isKnown(name string) bool {
	_, err := os.Stat(filepath.Join("/", in.Root, "var/lib/dpkg/info", name+".list"))
	return err == nil
}
