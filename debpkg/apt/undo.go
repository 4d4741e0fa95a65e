package apt

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
)

// UndoneError says that an installation has failed when dpkg had begun, and what became of that: all is as it was before but
// for the packages that are left.
type UndoneError struct {
	Err  error
	Left []Left
}

// Left is a package that dpkg has not finished with, and mago could not undo without force.
type Left struct {
	Package string
	Brought bool   // by apt, for what was to be installed
	Broken  bool   // dpkg and apt neither finish nor remove it before it is installed again
	Deb     string // to install it again from, as a path within the root; "" where none is known
}

func (e *UndoneError) Error() string {
	var names []string
	for _, l := range e.Left {
		names = append(names, l.Package)
	}
	if len(names) > 0 {
		return e.Err.Error() + "; dpkg is not done with " + strings.Join(names, ", ")
	}
	return e.Err.Error()
}

func (e *UndoneError) Unwrap() error { return e.Err }

// begun reports whether dpkg has come to work on a package, and is not at its end with it.
func (s *Status) begun(name string) bool {
	return slices.Contains(s.unfinished, name) || slices.Contains(s.broken, name)
}

// changes are what an installation that failed has begun.
type changes struct {
	added   []string    // packages that were not there
	unknown []string    // of those, which dpkg had nothing of
	earlier []Installed // what was there, and is not
	brought []string    // packages that apt brought, and that are not finished
	whole   bool        // all that was to come is there: it is something else that failed
}

func changed(before, now *Status, coming []arriving) changes {
	c := changes{whole: true}
	for _, a := range coming {
		was, there := before.Installed(a.name())
		is, done := now.Installed(a.name())
		c.whole = c.whole && now.isWhole(a)
		switch {
		case !there && (done || now.begun(a.name())):
			c.added = append(c.added, a.name())
			if !a.known && !a.conffiles {
				c.unknown = append(c.unknown, a.name())
			}
		case there && (!done || is.Version != was.Version):
			c.earlier = append(c.earlier, was)
		}
	}
	for _, name := range slices.Concat(now.unfinished, now.broken) {
		if !before.begun(name) && !slices.ContainsFunc(coming, func(a arriving) bool { return a.name() == name }) {
			c.brought = append(c.brought, name)
		}
	}
	return c
}

// isWhole reports whether a package that was to come is there.
func (s *Status) isWhole(a arriving) bool {
	is, done := s.Installed(a.name())
	return done && is.Version == a.Get("Version")
}

// unfinishedSets are the packages of the sets that are not there whole, but for those that are in one that is; all packages where
// every set is whole.
func (s *Status) unfinishedSets(coming []arriving) []arriving {
	bad := map[int]bool{}
	for _, a := range coming {
		for _, set := range a.sets {
			bad[set] = bad[set] || !s.isWhole(a)
		}
	}
	whole := func(set int) bool { return !bad[set] }
	failed := slices.DeleteFunc(slices.Clone(coming), func(a arriving) bool { return slices.ContainsFunc(a.sets, whole) })
	if len(failed) == 0 {
		return coming
	}
	return failed
}

// undo leaves nothing of an installation that has failed, but for the sets that are there whole: what is new is removed, and of
// what was there the earlier package installed again, where Previous has it. Nothing is forced.
func (in *Installer) undo(ctx context.Context, before *Status, coming []arriving, failure error) error {
	if tool := (*ToolError)(nil); !errors.As(failure, &tool) || in.DryRun {
		return failure
	}
	now, err := ReadStatus(in.Root)
	if err != nil {
		return errors.Join(failure, err)
	}
	coming = now.unfinishedSets(coming)
	c := changed(before, now, coming)
	previous := in.previous(c.earlier)
	ctx = context.WithoutCancel(ctx) // what was begun is brought to an end
	undoes := !c.whole && len(c.added)+len(previous) > 0
	if undoes {
		in.dpkg(ctx, slices.Sorted(maps.Values(previous)), "-i", keepConffiles)
		in.dpkg(ctx, c.added, "--remove")
		in.dpkg(ctx, c.unknown, "--purge") // of what it has removed dpkg keeps the scripts
	}
	left, err := in.left(coming, c.brought, previous)
	if err != nil || !undoes && len(left) == 0 {
		return errors.Join(failure, err)
	}
	return &UndoneError{failure, left}
}

// previous are the .debs of packages as they were, by their names, of those that have one within the root.
func (in *Installer) previous(packages []Installed) map[string]string {
	debs := map[string]string{}
	for _, p := range packages {
		if in.Previous == nil {
			break
		}
		if inside, err := in.withinRoot(in.Previous(p.Package, p.Version)); err == nil && len(inside) > 0 {
			debs[p.Package] = inside[0]
		}
	}
	return debs
}

// left is what dpkg is still not done with, after all was undone that could be.
func (in *Installer) left(coming []arriving, brought []string, previous map[string]string) (all []Left, err error) {
	now, err := ReadStatus(in.Root)
	if err != nil {
		return nil, err
	}
	for _, a := range coming {
		if name := a.name(); now.begun(name) {
			all = append(all, Left{Package: name, Broken: slices.Contains(now.broken, name), Deb: cmp.Or(previous[name], a.path)})
		}
	}
	for _, name := range brought {
		if now.begun(name) {
			all = append(all, Left{Package: name, Brought: true, Broken: slices.Contains(now.broken, name)})
		}
	}
	return all, nil
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
	_, err := in.Root.Stat("/var/lib/dpkg/info/" + name + ".list")
	return err == nil
}
