package engine

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"mago/kbuild/deep"
	"mago/sources/headers"
)

// keptHeaders are the packages of kernels' headers that lie opened in the cache; one was used when it was fetched, or something was
// built for one of its kernels.
func (v *evictor) keptHeaders() (all []keptThing, err error) {
	cache := v.openedHeaders()
	cache.Locks = v.locks(v.Wait.forLong())
	packages, err := cache.List()
	if err != nil {
		return nil, err
	}
	built, err := v.lastBuiltFor()
	if err != nil {
		return nil, err
	}
	users := v.headerUsers()
	for _, p := range packages {
		dir := filepath.Dir(p.Data)
		t := keptThing{kernels: users[p.SHA256], label: p.Name, bytes: deep.Size(dir), headers: true}
		if info, err := os.Stat(dir); err == nil {
			t.used = info.ModTime()
		}
		for _, release := range t.kernels {
			if t.used.Before(built[release]) {
				t.used = built[release]
			}
		}
		t.remove = func(ctx context.Context, gone *removedCount) error {
			return v.removeHeaders(ctx, cache, p, t.bytes, gone)
		}
		all = append(all, t)
	}
	return all, nil
}

// headerUsers are the kernels whose headers are made of a package, by its SHA-256.
func (v *evictor) headerUsers() map[string][]string {
	users := map[string][]string{}
	for release, entry := range v.readKernelIndex().Kernels {
		for _, deb := range entry.Packages {
			users[deb.SHA256] = append(users[deb.SHA256], release)
		}
	}
	return users
}

// lastBuiltFor tells when something was built last for a kernel.
func (v *evictor) lastBuiltFor() (map[string]time.Time, error) {
	records, err := v.store.All()
	last := map[string]time.Time{}
	for _, r := range records {
		if last[r.Kernel].Before(r.Started) {
			last[r.Kernel] = r.Started
		}
	}
	return last, err
}

func (v *evictor) removeHeaders(ctx context.Context, cache headers.Cache, p headers.Package, bytes int64, gone *removedCount) error {
	v.verbose("remove", filepath.Dir(p.Data))
	if !v.DryRun {
		if _, err := cache.Remove(ctx, p); err != nil {
			return err
		}
	}
	gone.add(removedHeaders, 1, bytes)
	return nil
}
