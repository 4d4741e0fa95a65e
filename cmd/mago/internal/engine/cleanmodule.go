package engine

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
	"mago/kbuild/kernel"
	"mago/sources"
)

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
