package main

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
	"mago/kbuild"
	"mago/kbuild/deep"
	"mago/sources/lock"
)

type cleanCommand struct {
	Modules []string `arg:"" optional:"" name:"module" help:"Names; every module by default."`
}

// Run removes opened sources, work directories and all builds of a unit but the last.
func (c *cleanCommand) Run(a *app, ctx context.Context) error { return a.clean(ctx, c.Modules, false) }

type purgeCommand struct {
	Modules []string `arg:"" optional:"" name:"module" help:"Names; every module by default."`
}

// Run removes all that mago keeps of modules. Installed packages are dpkg's and stay.
func (c *purgeCommand) Run(a *app, ctx context.Context) error { return a.clean(ctx, c.Modules, true) }

func (a *app) clean(ctx context.Context, words []string, purge bool) error {
	names, err := a.cleanNames(ctx, words)
	if err != nil {
		return err
	}
	chosen, err := a.chosen(ctx)
	if err != nil {
		return err
	}
	if err := a.sweepCatalog(ctx); err != nil {
		return err
	}
	var freed int64
	for _, name := range names {
		n, err := a.cleanModule(ctx, name, chosen, purge)
		freed += n
		if err != nil {
			return fmt.Errorf("clean %s: %w", name, err)
		}
	}
	verb := "freed"
	if a.DryRun {
		verb = "would free"
	}
	a.screen.line(fmt.Sprintf("%-8s %s %s", "clean", verb, size(freed)))
	return nil
}

// sweepCatalog removes what an update of the catalog has left that was killed.
func (a *app) sweepCatalog(ctx context.Context) error {
	if a.DryRun || len(a.catalogConfig().Leftovers()) == 0 {
		return nil
	}
	release, err := a.locks(a.Wait.forLong()).Take(ctx, catalogThing("cleaned"))
	if err != nil {
		return err
	}
	defer release()
	a.catalogConfig().Sweep()
	return nil
}

// cleanNames are the modules that mago keeps something of, those named or all.
func (a *app) cleanNames(ctx context.Context, words []string) ([]string, error) {
	if words := moduleWords(words); len(words) > 0 && !slices.Equal(words, []string{"all"}) {
		return a.moduleNames(ctx, words)
	}
	var names []string
	for _, kind := range []string{"trees", "builds"} {
		dirs, err := entries(filepath.Join(a.cache, kind), "*")
		if err != nil {
			return nil, err
		}
		for _, dir := range dirs {
			names = append(names, catalog.ModuleName(filepath.Base(dir)))
		}
	}
	debs, err := entries(filepath.Join(a.cache, "downloads"), "*.deb")
	for _, deb := range debs {
		name, _, _ := strings.Cut(filepath.Base(deb), "_")
		names = append(names, catalog.ModuleName(name))
	}
	slices.Sort(names)
	return slices.Compact(names), err
}

// moduleNames resolves words; one that mago has built is known even if no list names it any more.
func (a *app) moduleNames(ctx context.Context, words []string) ([]string, error) {
	var names []string
	for _, word := range words {
		if _, err := os.Stat(filepath.Join(a.cache, "builds", word)); err == nil && moduleWord.MatchString(word) {
			names = append(names, word)
			continue
		}
		targets, err := a.targets(ctx, []string{word})
		if err != nil {
			return nil, err
		}
		for _, t := range targets {
			names = append(names, t.name)
		}
	}
	return names, nil
}

// moduleWord is a name that a module's directory can have.
var moduleWord = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]*$`)

func (a *app) cleanModule(ctx context.Context, name string, chosen func(release string) bool, purge bool) (int64, error) {
	var freed int64
	dirs, err := entries(filepath.Join(a.cache, "builds", name), "*")
	if err != nil {
		return 0, err
	}
	for _, dir := range dirs {
		if !chosen(filepath.Base(dir)) {
			continue
		}
		n, err := a.cleanUnit(ctx, name, filepath.Base(dir), purge)
		freed += n
		if err != nil {
			return freed, err
		}
	}
	n, err := a.cleanCommon(ctx, name, func(r record) bool { return !purge || !chosen(r.Kernel) })
	freed += n
	if err != nil || a.limited() {
		return freed, err // the source is for every kernel
	}
	n, err = a.cleanSource(ctx, name, purge)
	return freed + n, err
}

// cleanCommon removes a module's packages of common files that no build has which stays.
func (a *app) cleanCommon(ctx context.Context, name string, stays func(record) bool) (int64, error) {
	release, err := a.lockToClean(ctx, commonThing(name, "removed", false))
	if err != nil {
		return 0, err
	}
	defer release()
	debs, err := entries(a.debs(), commonName(name)+"_*.deb")
	if err != nil {
		return 0, err
	}
	records, err := a.recordsOf(name)
	if err != nil {
		return 0, err
	}
	var kept []string
	for _, r := range records {
		if r.Common != nil && stays(r) {
			kept = append(kept, r.Common.Deb)
		}
	}
	return a.removeEach(slices.DeleteFunc(debs, func(deb string) bool { return slices.Contains(kept, deb) }))
}

func (a *app) cleanSource(ctx context.Context, name string, purge bool) (int64, error) {
	fetcher := a.fetcher()
	fetcher.KeepAll, fetcher.Locks.Limit = a.DryRun, a.Wait.forLong()
	if purge {
		return fetcher.Purge(ctx, name)
	}
	return fetcher.Clean(ctx, name)
}

// cleanUnit leaves a unit's last package, record and log; purge leaves nothing.
func (a *app) cleanUnit(ctx context.Context, name, release string, purge bool) (int64, error) {
	unlock, err := a.lockToClean(ctx, unit{target{name: name}, kbuild.Kernel{Release: release}}.thing("removed"))
	if err != nil {
		return 0, err
	}
	defer unlock()
	last, err := loadRecord(filepath.Join(a.unitDir(name, release), recordFile))
	if err != nil && !purge && !errors.Is(err, fs.ErrNotExist) {
		return 0, err // it is not known which package is the last
	}
	dir := a.unitDir(name, release)
	doomed := []string{a.work(name, release), a.stage(name, release)}
	unfinished, err := entries(dir, unfinishedFiles)
	if err != nil {
		return 0, err
	}
	debs, err := entries(a.debs(), packageName(name, "modules", release)+"_*.deb")
	if err != nil {
		return 0, err
	}
	for _, deb := range debs {
		if purge || deb != last.Deb {
			doomed = append(doomed, deb)
		}
	}
	if purge { // the record first: it is never without its package
		doomed = slices.Insert(doomed, 0, dir)
	} else {
		doomed = append(doomed, unfinished...)
	}
	return a.removeEach(doomed)
}

// lockToClean takes nothing where nothing will be removed.
func (a *app) lockToClean(ctx context.Context, t lock.Thing) (release func(), err error) {
	if a.DryRun {
		return func() {}, nil
	}
	return a.locks(a.Wait.forLong()).Take(ctx, t)
}

func (a *app) removeEach(paths []string) (int64, error) {
	var freed int64
	for _, path := range paths {
		freed += deep.Size(path)
		a.verbose("remove " + path)
		if a.DryRun {
			continue
		}
		if err := removeAll(path); err != nil {
			return freed, err
		}
		if isBelow(filepath.Dir(path), a.cache) {
			_ = os.Remove(filepath.Dir(path)) // stays where something else is in it
		}
	}
	return freed, nil
}

// removeAll removes records before what they tell of.
func removeAll(path string) error {
	records, err := entries(path, "*.json")
	for _, record := range records {
		err = errors.Join(err, removeIfThere(record))
	}
	return errors.Join(err, removeTree(path))
}

func (a *app) verbose(text string) {
	if a.Verbose {
		a.screen.line(text)
	}
}
