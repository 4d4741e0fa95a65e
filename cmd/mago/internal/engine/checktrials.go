package engine

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mago/cmd/mago/internal/store"
	"mago/debpkg"
	"mago/debpkg/word"
	"mago/sources/lock"
)

// checker tries newer versions of sources.
type checker struct{ *Engine }

// tryNewer builds the newer versions that apt's lists have of sources that did not build, the oldest first, until one builds. Of a
// module that is pinned to a version nobody wants another one.
func (c checker) tryNewer(ctx context.Context, p *Plan, units []CheckedUnit) error {
	for i := range units {
		u := &units[i]
		if !u.DoesNotBuild() || c.Of(u.Unit.Module).Version != "" {
			continue
		}
		at := slices.IndexFunc(p.Units, func(planned Unit) bool { return planned.id() == u.Unit })
		for _, t := range c.apt.newerThan(ctx, p.Units[at].target) {
			var err error
			if t.Err, err = c.try(ctx, t, u.Unit.Kernel); err != nil {
				return err
			}
			u.Tried = append(u.Tried, t)
			if t.Err == nil {
				break
			}
		}
	}
	return nil
}

// newerThan are the versions that apt's lists have of a target's source package and that are newer than its own, the oldest first.
// What apt cannot tell is not there.
func (at *aptTool) newerThan(ctx context.Context, t target) (trials []Trial) {
	if t.pkg == nil {
		return nil
	}
	suites := map[word.Version]string{}
	offers, _ := at.catalogConfig().Newer(ctx, t.pkg.Name, word.Version{})
	for _, o := range offers {
		suites[o.Version] = o.Suite
	}
	versions, _ := at.catalogConfig().Versions(ctx, t.pkg.Name)
	for _, p := range slices.Backward(versions) {
		if debpkg.CompareVersions(p.Version.String(), t.version) > 0 {
			trials = append(trials, Trial{Package: p.Name, Version: p.Version, Suite: suites[p.Version]})
		}
	}
	return trials
}

// try builds a version for a kernel. Its records and its package are nobody's, and go with it. The first error is the build's, the
// second what kept it from being tried.
func (c checker) try(ctx context.Context, t Trial, release string) (failed, err error) {
	err = c.scratch(ctx, lock.Thing{Name: "_trials", What: "the place for newer versions", Doing: "used"}, func(dir string) error {
		step := c.say.of(UnitID{Module: t.Package.String(), Kernel: release}).begin("try", t.Package.String()+" "+t.Version.String())
		defer step.end()
		_, failed = c.trying(dir, release).Do(ctx, Request{Words: []string{t.word()}, Goal: Built})
		outcome := "builds"
		switch {
		case errors.As(failed, new(*BuildError)):
			outcome = "does not build"
		case failed != nil:
			outcome = "could not be tried"
		}
		step.timed(t.Package.String() + " " + t.Version.String() + " " + outcome)
		return nil
	})
	return failed, cmp.Or(ctx.Err(), err)
}

// scratch does something with a directory for builds that nobody is to find, which goes with them.
func (c checker) scratch(ctx context.Context, place lock.Thing, do func(dir string) error) error {
	unlock, err := c.locks(c.Wait.forLong()).Take(ctx, place)
	if err != nil {
		return err
	}
	defer unlock()
	dir := filepath.Join(c.store.WorkDir(), strings.TrimPrefix(place.Name, "_"))
	if err := store.RemoveTree(dir); err != nil { // what a killed run has left
		return err
	}
	if err := store.Within(dir, func(string) error { return nil }); err != nil { // which the user that compiles may enter
		return err
	}
	err = do(dir)
	err = cmp.Or(err, store.RemoveTree(dir))
	_ = os.Remove(c.store.WorkDir()) // stays where something is built meanwhile
	return err
}

// trying is the same engine at work for one kernel, which keeps its builds elsewhere and tells only how far it is.
func (c checker) trying(builds, release string) *Engine {
	b := *silent(c.Engine, Note, Advice, Begin, End, Failed, Warning, Whole, Finished, Result).base
	b.Builds, b.Options = builds, b.withoutCopies()
	b.Force = false
	b.Kernels, b.HeaderDirs = []string{release}, c.kernels.dirsOf(release)
	if len(b.HeaderDirs) > 0 {
		b.Kernels = nil
	}
	return newEngine(&b)
}
