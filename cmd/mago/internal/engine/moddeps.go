package engine

import (
	"archive/tar"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mago/catalog"
	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
	"mago/debpkg"
	"mago/debpkg/rooted"
	"mago/debpkg/visible"
	"mago/debpkg/word"
	"mago/kbuild/recipe"
)

// withNeeded adds to every target the modules that its source package depends on, and has those come first that others
// need.
func (mo *modules) withNeeded(ctx context.Context, targets []target) ([]target, error) {
	var ordered []target
	for _, t := range targets {
		t, err := mo.resolveNeeded(ctx, t, nil)
		if err != nil {
			return nil, err
		}
		before := slices.IndexFunc(ordered, func(o target) bool { return o.needs(t.name) })
		if before < 0 {
			before = len(ordered)
		}
		ordered = slices.Insert(ordered, before, t)
	}
	return ordered, nil
}

// needs reports whether a module needs another one, directly or by a third.
func (t target) needs(name string) bool {
	return slices.ContainsFunc(t.needed, func(n target) bool { return n.name == name || n.needs(name) })
}

// resolveNeeded completes a target with what it needs and what that needs in turn; above are those that need it.
func (mo *modules) resolveNeeded(ctx context.Context, t target, above []string) (target, error) {
	if t.pkg == nil || mo.catalog.opened() == nil {
		return t, nil
	}
	above = append(slices.Clone(above), t.name)
	for relation := range strings.SplitSeq(t.pkg.PreDepends+","+t.pkg.Depends, ",") {
		n, ok := neededSource(mo.catalog.opened(), relation, mo.store.IsBuilt)
		if !ok || slices.Contains(above, n.name) || slices.ContainsFunc(t.needed, func(o target) bool { return o.name == n.name }) {
			continue
		}
		n, err := mo.resolveNeeded(ctx, pinned(ctx, mo, n), above)
		if err != nil {
			return t, err
		}
		n.asNeed = true
		t.needed = append(t.needed, n)
	}
	return t, nil
}

// addBuildDepends adds the modules that a source's dkms.conf wants to be there (BUILD_DEPENDS of dkms(8)), as far as one of
// that name is asked for by the same command, has been built for the kernel, or is known by it.
func (mo *modules) addBuildDepends(ctx context.Context, u *unit, asked []target) error {
	if u.tree == nil {
		return nil
	}
	e := mo.confs.evaluate(ctx, u.target, u.Kernel)
	if mo.DryRun { // otherwise the build tells of it
		mo.tellFaults(*u, e)
	}
	if e.conf == nil || len(e.conf.BuildDepends()) == 0 {
		return nil
	}
	records, err := mo.store.All()
	if err != nil {
		return err
	}
	for _, name := range e.conf.BuildDepends() {
		need, err := mo.buildDependsTarget(ctx, name, u.Kernel.Release, asked, records)
		if errors.As(err, new(*catalog.NotFoundError)) && !mo.dkmsHas(name) {
			mo.say.note("warning", "BUILD_DEPENDS of %s names %s, which neither apt nor dkms has: it is built without", u.name, visible.Line(name))
		}
		if err != nil || need.name == u.name || u.needs(need.name) || slices.Contains(u.above, need.name) {
			continue
		}
		need.asNeed = true
		u.needed = append(slices.Clip(u.needed), need) // other units have the same slice
	}
	return nil
}

// tellFaults tells what is wrong with a unit's dkms.conf.
func (mo *modules) tellFaults(u unit, e confEvaluation) {
	if e.err != nil {
		mo.say.note("note", "what %s is compiled against is not known: %v", u.name, e.err)
	}
	if e.conf == nil {
		return
	}
	for _, mistake := range e.conf.Mistakes() {
		mo.say.of(u.id()).note("warning", "dkms.conf: %s", visible.Line(mistake))
	}
}

// buildDependsTarget is the module that a dkms.conf calls by that name: one that is asked for, or as a build's recipe had it or
// as the catalog does. It is never taken for a path or a group: the file is foreign.
func (mo *modules) buildDependsTarget(ctx context.Context, name, release string, asked []target, records []store.Record) (target, error) {
	if i := slices.IndexFunc(asked, func(t target) bool { return t.name == name }); i >= 0 {
		return asked[i], nil
	}
	if i := slices.IndexFunc(records, func(r store.Record) bool { return r.RecipeName == name && r.Kernel == release }); i >= 0 {
		name = records[i].Module
	}
	ix, err := mo.catalog.catalog(ctx)
	if err != nil {
		return target{}, err
	}
	t, err := mo.namedTarget(ctx, ix, name)
	return pinned(ctx, mo, t), err
}

// dkmsHas reports whether dkms keeps a module of that name, of whatever version.
func (b *base) dkmsHas(name string) bool {
	module, err := word.ParseDKMS(name)
	if err != nil {
		return false
	}
	_, err = rooted.Root(b.Root).Stat("/var/lib/dkms/" + module.String())
	return err == nil
}

// neededSource is the module source that a relation asks for: of several alternatives one that is built already, else
// the first.
func neededSource(ix *catalog.Index, relation string, isBuilt func(module string) bool) (target, bool) {
	var found []target
	for alternative := range strings.SplitSeq(relation, "|") {
		name := modpkg.PackageOf(strings.TrimSpace(alternative))
		if m, pkg, err := ix.Resolve(name); err == nil && pkg != nil {
			t := newTarget(m, pkg)
			if next, ok := ix.Successor(*pkg); ok {
				t = newTarget(next, nil)
			}
			found = append(found, t)
		}
	}
	if len(found) == 0 {
		return target{}, false
	}
	if len(found) == 1 {
		return found[0], true
	}
	return found[max(0, slices.IndexFunc(found, func(t target) bool { return isBuilt(t.name) }))], true
}

// flat lists targets with all that they need.
func flat(targets []target) []target {
	var all []target
	for _, t := range targets {
		all = append(append(all, flat(t.needed)...), t)
	}
	return all
}

// neededError says that a module could not be built because one that it needs could not.
type neededError struct {
	unit, needed string
	err          error
}

func (e *neededError) Error() string { return fmt.Sprintf("%s needs %s: %v", e.unit, e.needed, e.err) }
func (e *neededError) Unwrap() error { return e.err }

// neededModules lays out below dir what a unit is compiled against, from the packages that the modules are in.
func (bu *builder) neededModules(ctx context.Context, u unit, dir string, r *store.Record) ([]recipe.Needed, error) {
	var all []recipe.Needed
	for _, n := range u.needed {
		if err := bu.modules.openCached(ctx, &n); err != nil {
			return nil, err
		}
		need := recipe.Needed{Module: n.name, Source: n.source(), Modules: filepath.Join(dir, n.name)}
		if err := os.MkdirAll(need.Modules, 0o755); err != nil {
			return nil, err
		}
		built, ok := bu.store.Get(store.ID{Module: n.name, Kernel: u.Kernel.Release})
		if !n.unbuilt && (!ok || !bu.store.HasDeb(built)) {
			return nil, &NotBuiltError{Module: n.name, Release: u.Kernel.Release} // another mago has removed it meanwhile
		}
		noteNeed(r, n, built)
		if !n.unbuilt {
			need.Name, need.Version = built.RecipeName, built.RecipeVersion
			if err := bu.unpackModules(ctx, built, need.Modules); err != nil {
				return nil, fmt.Errorf("open %s: %w", built.Deb, err)
			}
		}
		r.Needed = append(r.Needed, store.Needed{Module: n.name, Version: cmp.Or(built.Version, n.version), SHA256: built.Content()})
		all = append(all, need)
	}
	return all, nil
}

// unpackModules takes a build's modules out of its package, and puts the symbols that they export beside them.
func (bu *builder) unpackModules(ctx context.Context, built store.Record, dir string) error {
	if _, err := os.Stat(bu.store.Symvers(built.ID())); err == nil {
		if _, err := copyInto(dir, bu.store.Symvers(built.ID())); err != nil {
			return err
		}
	}
	deb, err := debpkg.Open(built.Deb)
	if err != nil {
		return err
	}
	defer deb.Close()
	err = deb.EachFile(func(h *tar.Header, content io.Reader) error {
		if ctx.Err() != nil || !slices.Contains(built.Modules, filepath.Join("/", h.Name)) {
			return ctx.Err()
		}
		return writeFrom(filepath.Join(dir, filepath.Base(h.Name)), content)
	})
	return cmp.Or(err, ctx.Err())
}

func writeFrom(path string, content io.Reader) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Close())
}
