package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"mago/catalog"
	"mago/sources/lock"
)

// catalog opens the index, rebuilt first where it is missing or apt's lists have changed since.
func (mi *moduleIndex) catalog(ctx context.Context) (*catalog.Index, error) {
	return mi.known.index.get(0, func() (*catalog.Index, error) {
		ix, err := catalog.Open(mi.apt.catalogConfig())
		stale := err == nil && ix.Stale(mi.apt.catalogConfig())
		switch {
		case errors.Is(err, catalog.ErrNoIndex), stale && !mi.Reading:
			return mi.updateCatalog(ctx)
		case stale:
			return mi.newestCatalog(ctx, ix)
		}
		return ix, err
	})
}

// opened is the index where somebody has opened it, else nil.
func (mi *moduleIndex) opened() *catalog.Index { return mi.known.index.value() }

// newestCatalog is for who only looks, and does not wait for another that makes the index anew: the old one serves.
func (mi *moduleIndex) newestCatalog(ctx context.Context, old *catalog.Index) (*catalog.Index, error) {
	ix, err := mi.makeCatalog(ctx, lock.AtOnce)
	if busy := (*lock.BusyError)(nil); errors.As(err, &busy) {
		return old, nil
	}
	return ix, err
}

// updateCatalog rebuilds the index. Where apt has no lists, root has apt fetch them; a user is told to.
func (mi *moduleIndex) updateCatalog(ctx context.Context) (*catalog.Index, error) {
	return mi.makeCatalog(ctx, mi.Wait.Limit)
}

func catalogThing(doing string) lock.Thing {
	return lock.Thing{Name: "_catalog", What: "the catalog", Doing: doing}
}

func (mi *moduleIndex) makeCatalog(ctx context.Context, limit time.Duration) (*catalog.Index, error) {
	unlock, err := mi.locks(limit).Take(ctx, catalogThing("made"))
	if err != nil {
		return nil, err
	}
	defer unlock()
	if ix, err := catalog.Open(mi.apt.catalogConfig()); err == nil && !mi.Force && !ix.Stale(mi.apt.catalogConfig()) {
		return ix, nil // another mago has just made it
	}
	p := mi.say.begin("catalog", "reading apt's lists")
	defer p.end()
	ix, err := catalog.Update(ctx, mi.apt.catalogConfig())
	if !errors.Is(err, catalog.ErrNoLists) || !mi.host.AsRoot || mi.DryRun {
		mi.tellLeftOut(ix)
		return ix, err
	}
	p.end()
	failed := mi.apt.aptUpdate(ctx)
	ix, err = catalog.Update(ctx, mi.apt.catalogConfig())
	switch {
	case failed != nil && err != nil:
		return nil, failed
	case failed != nil: // of some archive, which need not be the one that matters
		mi.say.note("apt", "%v", failed)
	}
	mi.tellLeftOut(ix)
	return ix, err
}

// tellLeftOut says once, when the catalog is made, what it does not hold.
func (mi *moduleIndex) tellLeftOut(ix *catalog.Index) {
	if ix == nil {
		return
	}
	for _, left := range ix.LeftOut {
		if mi.Reading { // whose output others read
			mi.say.warn(left.String())
			continue
		}
		mi.say.note("catalog", "%s", left)
	}
}

// aptUpdate takes lists that apt could not fetch for an error, which by itself apt-get does not.
func (at *aptTool) aptUpdate(ctx context.Context) error {
	if err := at.host.mayChange("apt-get update"); err != nil {
		return err
	}
	if at.DryRun {
		at.say.note("apt", "would run apt-get update")
	}
	at.known.system.Lock()
	defer at.known.system.Unlock()
	p := at.say.begin("apt", "apt-get update")
	defer p.end()
	defer at.forgetInstalled() // and what apt has
	if err := at.installer().UpdateLists(ctx); err != nil || at.DryRun {
		return err
	}
	at.known.updated.Store(true)
	p.timed("apt-get update")
	return nil
}

func (mi *moduleIndex) showCatalog(ix *catalog.Index) {
	dkms, moduleAssistant := ix.Count()
	mi.say.note("catalog", "%d dkms and %d module-assistant packages, %s", dkms, moduleAssistant, Ago(mi.listsAge(ix)))
}

// listsAge is how long ago apt fetched lists, which leaves its mark on the directory of them; the lists themselves carry the
// archive's dates.
func (mi *moduleIndex) listsAge(ix *catalog.Index) time.Duration {
	var fetched time.Time
	for _, dir := range []string{"/var/lib/apt/lists", "/var/lib/apt/lists/partial"} {
		if info, err := os.Stat(filepath.Join(mi.Root, dir)); err == nil && info.ModTime().After(fetched) {
			fetched = info.ModTime()
		}
	}
	if fetched.IsZero() {
		fetched = ix.Built
	}
	return time.Since(fetched)
}
