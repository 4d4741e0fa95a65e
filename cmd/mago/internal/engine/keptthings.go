package engine

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
	"mago/kbuild/deep"
	"mago/sources"
)

// keptThing is something that mago keeps, and can make or fetch again.
type keptThing struct {
	UnitID           // of a source without a kernel, of headers without a module
	kernels []string // that it is for
	label   string   // what messages call it: the module, or a package of headers
	bytes   int64
	used    time.Time // when it was made or installed last, or something was made of it
	remove  func(context.Context, *removedCount) error

	installed bool // whether dpkg has the package that was built
	headers   bool
}

// compare puts headers first, which are fetched again in no time, then what was used longest ago.
func (t keptThing) compare(other keptThing) int {
	switch {
	case t.headers && !other.headers:
		return -1
	case !t.headers && other.headers:
		return 1
	}
	return t.used.Compare(other.used)
}

// isChosen reports whether a test chooses a thing: of headers for all of their kernels.
func (t keptThing) isChosen(chosen func(UnitID) bool) bool {
	if len(t.kernels) == 0 {
		return chosen(t.UnitID)
	}
	return !slices.ContainsFunc(t.kernels, func(release string) bool { return !chosen(UnitID{Module: t.Module, Kernel: release}) })
}

// keptThings are those that are chosen.
func (v *evictor) keptThings(ctx context.Context, chosen func(UnitID) bool) (all []keptThing, err error) {
	builds, err := v.keptBuilds()
	if err != nil {
		return nil, err
	}
	sources, err := v.keptSources()
	if err != nil {
		return nil, err
	}
	headers, err := v.keptHeaders()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Concat(builds, sources, headers), func(t keptThing) bool { return !t.isChosen(chosen) }), ctx.Err()
}

// keptBuilds are the units that there are records or packages of.
func (v *evictor) keptBuilds() (all []keptThing, err error) {
	modules, err := v.store.Modules()
	if err != nil {
		return nil, err
	}
	lone, err := v.debNames() // also packages without a record
	if err != nil {
		return nil, err
	}
	for _, p := range lone {
		modules = append(modules, p.module)
	}
	slices.Sort(modules)
	for _, module := range slices.Compact(modules) {
		releases, err := v.keptFor(module, true)
		if err != nil {
			return nil, err
		}
		for _, release := range releases {
			t, err := v.keptBuild(UnitID{Module: module, Kernel: release})
			if err != nil {
				return nil, err
			}
			all = append(all, t)
		}
	}
	return all, nil
}

func (v *evictor) keptBuild(id UnitID) (keptThing, error) {
	name := modpkg.Name(id.Module, id.Kernel)
	debs, err := v.store.Packages(name + "_*.deb")
	if err != nil {
		return keptThing{}, err
	}
	files, err := store.Entries(v.store.Dir(id), "*")
	if err != nil {
		return keptThing{}, err
	}
	t := keptThing{UnitID: id, kernels: []string{id.Kernel}, label: id.Module}
	have := v.pkgs.packageVersion(name)
	if slices.Contains(v.purged, name) {
		have = ""
	}
	for _, path := range slices.Concat(debs, files) {
		if info, err := os.Lstat(path); err == nil {
			t.bytes += deep.Size(path)
			if t.used.Before(info.ModTime()) {
				t.used = info.ModTime()
			}
		}
	}
	for _, deb := range debs {
		t.installed = t.installed || have != "" && strings.Contains(filepath.Base(deb), "_"+debVersion(have)+"_")
	}
	t.remove = func(ctx context.Context, gone *removedCount) error {
		return v.cleanUnit(ctx, id.Module, id.Kernel, true, gone)
	}
	return t, nil
}

// debVersion is a version as the names of .debs have it.
func debVersion(version string) string {
	if _, rest, ok := strings.Cut(version, ":"); ok {
		return rest
	}
	return version
}

// keptSources are the opened sources and the downloads; one was used last when something was built of it.
func (v *evictor) keptSources() (all []keptThing, err error) {
	fetcher := v.modules.fetcher()
	fetcher.KeepAll, fetcher.KeepEdited, fetcher.Locks.Limit = v.DryRun, true, v.Wait.forLong()
	kept, err := fetcher.Kept()
	if err != nil {
		return nil, err
	}
	built, err := v.lastBuilt()
	if err != nil {
		return nil, err
	}
	for _, k := range kept {
		t := keptThing{UnitID: UnitID{Module: k.Name}, label: k.Name, bytes: k.Bytes, used: k.Made}
		for _, name := range []string{k.Owner, filepath.Base(k.Path)} { // a tarball's is its hash
			if t.used.Before(built[name]) {
				t.used = built[name]
			}
		}
		t.remove = func(ctx context.Context, gone *removedCount) error { return v.removeSource(ctx, fetcher, k, gone) }
		all = append(all, t)
	}
	return all, nil
}

// lastBuilt tells when something was built last of a source package, or of a tarball by its hash.
func (v *evictor) lastBuilt() (map[string]time.Time, error) {
	records, err := v.store.All()
	last := map[string]time.Time{}
	for _, r := range records {
		for _, name := range []string{r.Source.Package, r.Source.SHA256} {
			if last[name].Before(r.Started) {
				last[name] = r.Started
			}
		}
	}
	return last, err
}

func (v *evictor) removeSource(ctx context.Context, fetcher *sources.Fetcher, k sources.Kept, gone *removedCount) error {
	v.verbose("remove", k.Path)
	removed, err := fetcher.Remove(ctx, k)
	switch {
	case err != nil:
		return err
	case !removed:
		v.tellEdited("clean", k.Name)
	case k.Download:
		gone.add(removedDownloads, 1, k.Bytes)
	default:
		gone.add(removedSources, 1, k.Bytes)
	}
	return nil
}
