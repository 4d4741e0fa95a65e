package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"mago/catalog"
	"mago/sources/lock"
)

type updateCommand struct {
	Apt bool `help:"Run apt-get update first."`
}

// Run brings the catalog up to date, after apt-get update where asked to or where apt has no lists at all. Where
// nothing that it is made of has changed it stays as it is, unless -f has it made anew.
func (c *updateCommand) Run(a *app, ctx context.Context) error {
	if c.Apt {
		if err := a.aptUpdate(ctx); err != nil {
			return err
		}
	}
	open := a.catalog
	if a.Force {
		open = a.updateCatalog
	}
	ix, err := open(ctx)
	if err != nil {
		return err
	}
	a.showCatalog(ix)
	return nil
}

// catalog opens the index, rebuilt first where it is missing or apt's lists have changed since.
func (a *app) catalog(ctx context.Context) (*catalog.Index, error) {
	if a.index != nil {
		return a.index, nil
	}
	ix, err := catalog.Open(a.catalogConfig())
	stale := err == nil && ix.Stale(a.catalogConfig())
	switch {
	case errors.Is(err, catalog.ErrNoIndex), stale && !a.reading:
		ix, err = a.updateCatalog(ctx)
	case stale:
		ix, err = a.newestCatalog(ctx, ix)
	}
	a.index = ix
	return ix, err
}

// newestCatalog is for who only looks, and does not wait for another that makes the index anew: the old one serves.
func (a *app) newestCatalog(ctx context.Context, old *catalog.Index) (*catalog.Index, error) {
	ix, err := a.makeCatalog(ctx, lock.AtOnce)
	if busy := (*lock.BusyError)(nil); errors.As(err, &busy) {
		return old, nil
	}
	return ix, err
}

// updateCatalog rebuilds the index. Where apt has no lists, root has apt fetch them; a user is told to.
func (a *app) updateCatalog(ctx context.Context) (*catalog.Index, error) {
	return a.makeCatalog(ctx, a.Wait.limit)
}

func catalogThing(doing string) lock.Thing {
	return lock.Thing{Name: "_catalog", What: "the catalog", Doing: doing}
}

func (a *app) makeCatalog(ctx context.Context, limit time.Duration) (*catalog.Index, error) {
	unlock, err := a.locks(limit).Take(ctx, catalogThing("made"))
	if err != nil {
		return nil, err
	}
	defer unlock()
	if ix, err := catalog.Open(a.catalogConfig()); err == nil && !a.Force && !ix.Stale(a.catalogConfig()) {
		return ix, nil // another mago has just made it
	}
	p := a.say.begin("catalog", "reading apt's lists")
	defer p.end()
	ix, err := catalog.Update(ctx, a.catalogConfig())
	if !errors.Is(err, catalog.ErrNoLists) || !a.host.asRoot || a.DryRun {
		a.tellLeftOut(ix)
		return ix, err
	}
	p.end()
	failed := a.aptUpdate(ctx)
	ix, err = catalog.Update(ctx, a.catalogConfig())
	switch {
	case failed != nil && err != nil:
		return nil, failed
	case failed != nil: // of some archive, which need not be the one that matters
		a.say.note("apt", "%v", failed)
	}
	a.tellLeftOut(ix)
	return ix, err
}

// tellLeftOut says once, when the catalog is made, what it does not hold.
func (a *app) tellLeftOut(ix *catalog.Index) {
	if ix == nil {
		return
	}
	for _, left := range ix.LeftOut {
		if a.reading { // whose output others read
			a.say.warn(left.String())
			continue
		}
		a.say.note("catalog", "%s", left)
	}
}

// aptUpdate takes lists that apt could not fetch for an error, which by itself apt-get does not.
func (a *app) aptUpdate(ctx context.Context) error {
	if err := a.host.mayChange("apt-get update"); err != nil {
		return err
	}
	if a.DryRun {
		a.say.note("apt", "would run apt-get update")
	}
	p := a.say.begin("apt", "apt-get update")
	defer p.end()
	a.inApt = nil
	if err := a.installer().UpdateLists(ctx); err != nil || a.DryRun {
		return err
	}
	p.timed("apt-get update")
	return nil
}

func (a *app) showCatalog(ix *catalog.Index) {
	dkms, moduleAssistant := ix.Count()
	a.say.note("catalog", "%d dkms and %d module-assistant packages, %s", dkms, moduleAssistant, ago(a.listsAge(ix)))
}

// listsAge is how long ago apt fetched lists, which leaves its mark on the directory of them; the lists themselves carry the
// archive's dates.
func (a *app) listsAge(ix *catalog.Index) time.Duration {
	var fetched time.Time
	for _, dir := range []string{"/var/lib/apt/lists", "/var/lib/apt/lists/partial"} {
		if info, err := os.Stat(filepath.Join(a.Root, dir)); err == nil && info.ModTime().After(fetched) {
			fetched = info.ModTime()
		}
	}
	if fetched.IsZero() {
		fetched = ix.Built
	}
	return time.Since(fetched)
}
