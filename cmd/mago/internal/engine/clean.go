package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"mago/catalog"
	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
	"mago/kbuild/deep"
	"mago/kbuild/kernel"
	"mago/sources"
	"mago/sources/lock"
)

// PurgeAllError says that purge was told no module; what it removes of all of them has to be asked for in words.
type PurgeAllError struct{}

func (e *PurgeAllError) Error() string { return "no module named" }

// clean says what to remove.
type clean struct {
	verb   string // what the lines begin with
	purge  bool
	edited bool // whether opened sources stay that somebody has edited
	chosen func(release string) bool
}

func (cl *cleaner) clean(ctx context.Context, words []string, c clean) error {
	names, err := cl.cleanNames(ctx, words)
	if err != nil {
		return err
	}
	if c.chosen, err = cl.kernels.chosen(ctx); err != nil {
		return err
	}
	c.edited = len(ModuleWords(words)) == 0
	if err := cl.catalog.sweepCatalog(ctx); err != nil {
		return err
	}
	if isAll(words) && !cl.DryRun && !cl.kernels.limited() {
		if err := store.RemoveTree(cl.ownConfs()); err != nil {
			return err
		}
	}
	var all removedCount
	for _, name := range names {
		gone, err := cl.cleanModule(ctx, name, c)
		all.addAll(gone)
		cl.tellFreed(c.verb, name, gone)
		if err != nil {
			return fmt.Errorf("%s %s: %w", c.verb, name, err)
		}
	}
	if c.purge && isAll(words) && !cl.DryRun && !cl.kernels.limited() {
		if err := cl.store.DropIndex(); err != nil {
			return err
		}
	}
	cl.tellTotal(c.verb, all)
	return nil
}

// tellTotal says how much room there is more.
func (cl *cleaner) tellTotal(verb string, gone removedCount) {
	freed := "freed"
	if cl.DryRun {
		freed = "would free"
	}
	cl.say.note(verb, "%s %s", freed, Size(gone.bytes))
}

func (cl *cleaner) tellEdited(verb, module string) {
	cl.say.note(verb, `%s: its opened source is edited and stays; "%s" removes it`, module, cl.system().Mago("clean", module))
}

// tellFreed says in a line what went of a module.
func (cl *cleaner) tellFreed(verb, module string, gone removedCount) {
	text := gone.String()
	switch {
	case text == "":
		return
	case cl.DryRun:
		text = "would remove " + text
	}
	cl.say.sized(verb, module+": "+text, gone.bytes)
}

// sweepCatalog removes what an update of the catalog has left that was killed.
func (mi *moduleIndex) sweepCatalog(ctx context.Context) error {
	if mi.DryRun || len(mi.apt.catalogConfig().Leftovers()) == 0 {
		return nil
	}
	release, err := mi.locks(mi.Wait.forLong()).Take(ctx, catalogThing("cleaned"))
	if err != nil {
		return err
	}
	defer release()
	return mi.apt.catalogConfig().Sweep()
}

// isAll reports whether words name every module.
func isAll(words []string) bool {
	words = ModuleWords(words)
	return len(words) == 0 || slices.Equal(words, []string{"all"})
}

// cleanNames are the modules that mago keeps something of, those named or all.
func (cl *cleaner) cleanNames(ctx context.Context, words []string) ([]string, error) {
	if !isAll(words) {
		return cl.moduleNames(ctx, ModuleWords(words))
	}
	var names []string
	for _, kind := range []string{"trees", "builds"} {
		dirs, err := store.Entries(filepath.Join(cl.Cache, kind), "*")
		if err != nil {
			return nil, err
		}
		for _, dir := range dirs {
			names = append(names, catalog.ModuleName(filepath.Base(dir)))
		}
	}
	trees, err := cl.modules.fetcher().Unpacked()
	if err != nil {
		return nil, err
	}
	for _, tree := range trees {
		names = append(names, catalog.ModuleName(tree.Name))
	}
	built, err := cl.debNames()
	if err != nil {
		return nil, err
	}
	for _, deb := range built {
		names = append(names, deb.module)
	}
	debs, err := store.Entries(filepath.Join(cl.Cache, "downloads"), "*.deb")
	for _, deb := range debs {
		name, _, _ := strings.Cut(filepath.Base(deb), "_")
		names = append(names, catalog.ModuleName(name))
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name == "" }) // a tarball that has none
	slices.Sort(names)
	return slices.Compact(names), err
}

// moduleNames resolves words; one that mago has built, or that is installed, is known even if no list names it any more.
func (cl *cleaner) moduleNames(ctx context.Context, words []string) ([]string, error) {
	var names []string
	for _, word := range words {
		known, err := cl.knows(word)
		if err != nil {
			return nil, err
		}
		if known {
			names = append(names, word)
			continue
		}
		targets, err := cl.modules.targets(ctx, []string{word})
		if err != nil {
			return nil, err
		}
		for _, t := range targets {
			if err := cl.modules.checkOwnName(t); err != nil {
				return nil, err
			}
			names = append(names, t.name)
		}
	}
	return names, nil
}

// knows reports whether a word names a module that mago has built or that is installed.
func (cl *cleaner) knows(word string) (bool, error) {
	if cl.Name != "" || !moduleWord.MatchString(word) {
		return false, nil
	}
	if _, err := os.Stat(filepath.Join(cl.Cache, "builds", word)); err == nil {
		return true, nil
	}
	installed, err := cl.pkgs.installedPackages()
	return slices.ContainsFunc(installed, func(p modulesPackage) bool { return p.module == word }), err
}

// moduleWord is a name that a module's directory can have.
var moduleWord = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]*$`)

func (cl *cleaner) cleanModule(ctx context.Context, name string, c clean) (removedCount, error) {
	var gone removedCount
	tarballs, err := cl.tarballsOf(name)
	if err != nil {
		return gone, err
	}
	releases, err := cl.keptFor(name, c.purge)
	if err != nil {
		return gone, err
	}
	for _, release := range releases {
		if !c.chosen(release) {
			continue
		}
		if err := cl.cleanUnit(ctx, name, release, c.purge, &gone); err != nil {
			return gone, err
		}
	}
	err = cl.cleanCommon(ctx, name, func(r store.Record) bool { return !c.purge || !c.chosen(r.Kernel) }, &gone)
	if err != nil || cl.kernels.limited() {
		return gone, err // the source is for every kernel
	}
	for _, source := range append(tarballs, name) {
		if err := cl.cleanSource(ctx, source, c, &gone); err != nil {
			return gone, err
		}
	}
	return gone, nil
}

// tarballsOf are the hashes of the tarballs that a module was built of, which may call themselves otherwise.
func (cl *cleaner) tarballsOf(name string) (sums []string, err error) {
	records, err := cl.store.Of(name)
	for _, r := range records {
		if r.Source.Origin == string(sources.Tarball) && r.Source.SHA256 != "" && !slices.Contains(sums, r.Source.SHA256) {
			sums = append(sums, r.Source.SHA256)
		}
	}
	return sums, err
}

// keptFor are the kernels that there are builds of a module for; orphans counts packages whose record is not there any more.
func (cl *cleaner) keptFor(module string, orphans bool) (releases []string, err error) {
	releases, err = cl.store.Kernels(module)
	if err != nil || !orphans {
		return releases, err
	}
	debs, err := cl.debNames()
	for _, deb := range debs {
		recorded := slices.ContainsFunc(releases, func(r string) bool { return modpkg.Spell(r) == modpkg.Spell(deb.release) })
		if deb.module == module && deb.release != "" && !recorded {
			releases = append(releases, deb.release)
		}
	}
	return releases, err
}

// debNames are the modules and kernels, by their packages' names, that packages lie here of; common files are for no kernel.
func (cl *cleaner) debNames() ([]modulesPackage, error) {
	debs, err := cl.store.Packages("*.deb")
	var found []modulesPackage
	for _, deb := range debs {
		name, _, _ := strings.Cut(filepath.Base(deb), "_")
		if module, release := modpkg.ParseName(name); module != "" {
			found = append(found, modulesPackage{module: module, release: release})
		}
	}
	return found, err
}

// cleanCommon removes a module's packages of common files that no build has which stays.
func (cl *cleaner) cleanCommon(ctx context.Context, name string, stays func(store.Record) bool, gone *removedCount) error {
	release, err := cl.lockToClean(ctx, commonThing(name, "removed", false))
	if err != nil {
		return err
	}
	defer release()
	debs, err := cl.store.Packages(modpkg.CommonName(name) + "_*.deb")
	if err != nil {
		return err
	}
	records, err := cl.store.Of(name)
	if err != nil {
		return err
	}
	var kept []string
	for _, r := range records {
		if r.Common != nil && stays(r) {
			kept = append(kept, r.Common.Deb)
		}
	}
	return cl.removeEach(removedPackages, slices.DeleteFunc(debs, func(deb string) bool { return slices.Contains(kept, deb) }), gone)
}

func (cl *cleaner) cleanSource(ctx context.Context, name string, c clean, gone *removedCount) error {
	fetcher := cl.modules.fetcher()
	fetcher.KeepAll, fetcher.KeepEdited, fetcher.Locks.Limit = cl.DryRun, c.edited, cl.Wait.forLong()
	remove := fetcher.Clean
	if c.purge {
		remove = fetcher.Purge
	}
	f, err := remove(ctx, name)
	gone.add(removedSources, f.Trees, 0)
	gone.add(removedDownloads, f.Downloads, f.Bytes)
	for _, module := range f.Edited {
		cl.tellEdited(c.verb, module)
	}
	return err
}

// cleanUnit leaves a unit's last package, record and log; purge leaves nothing.
func (cl *cleaner) cleanUnit(ctx context.Context, name, release string, purge bool, gone *removedCount) error {
	unlock, err := cl.lockToClean(ctx, unit{target{name: name}, kernel.Kernel{Release: release}}.thing("removed"))
	if err != nil {
		return err
	}
	defer unlock()
	id := store.ID{Module: name, Kernel: release}
	last, err := cl.store.Load(id)
	if err != nil && !purge && !errors.Is(err, fs.ErrNotExist) {
		return err // it is not known which package is the last
	}
	unfinished, err := cl.store.Unfinished(id)
	if err != nil {
		return err
	}
	debs, err := cl.store.Packages(modpkg.Name(name, release) + "_*.deb")
	if err != nil {
		return err
	}
	if purge { // the record first: it is never without its package
		err = cl.removeEach(removedRecords, []string{cl.store.Dir(id)}, gone)
	} else {
		debs = slices.DeleteFunc(debs, func(deb string) bool { return deb == last.Deb })
	}
	if err == nil {
		err = cl.removeEach(removedUnfinished, unfinished, gone)
	}
	if err == nil {
		err = cl.removeEach(removedPackages, debs, gone)
	}
	return err
}

// lockToClean takes nothing where nothing will be removed.
func (b *base) lockToClean(ctx context.Context, t lock.Thing) (release func(), err error) {
	if b.DryRun {
		return func() {}, nil
	}
	return b.locks(b.Wait.forLong()).Take(ctx, t)
}

// removeEach removes things of one kind, as far as they are there.
func (cl *cleaner) removeEach(kind int, paths []string, gone *removedCount) error {
	for _, path := range paths {
		if _, err := os.Lstat(path); store.Absent(err) {
			continue
		}
		bytes := deep.Size(path)
		cl.verbose("remove", path)
		if !cl.DryRun {
			if err := store.Evict(path); err != nil {
				return err
			}
			if isBelow(filepath.Dir(path), cl.Cache) {
				_ = os.Remove(filepath.Dir(path)) // stays where something else is in it
			}
		}
		gone.add(kind, 1, bytes)
	}
	return nil
}

func (b *base) verbose(phase, text string) {
	if b.Verbose {
		b.say.note(phase, "%s", text)
	}
}
