package headers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"mago/debpkg"
	"mago/debpkg/apt"
	"mago/debpkg/codec"
	"mago/kbuild/deep"
	"mago/sources/lock"
	"mago/sources/untar"
)

// together is how many packages are fetched and opened at once, and lost where that is killed: those of some ten kernels.
const together = 32

// Fetch has apt fetch the packages that are not here, many at once, and opens them side by side. Another process that fetches one
// of them is waited for. Whatever apt.conf(5) and sources.list(5) say, a package that no checked signature covers is not taken unless
// c.Unauthenticated says so.
//
// Errors: *apt.UnauthenticatedError, *apt.FetchError, *debpkg.FormatError, *untar.UnsafeError, *untar.LimitError, *untar.DamagedError, *lock.BusyError. What
// came before an error is kept.
func (c Cache) Fetch(ctx context.Context, debs []apt.Deb) error {
	if debs = c.missing(debs); len(debs) == 0 {
		return nil
	}
	if err := untar.MakeDir(c.Dir); err != nil {
		return err
	}
	c.sweep(ctx)
	var things []lock.Thing
	for _, deb := range debs {
		things = append(things, thing(id(deb), "fetched"))
	}
	release, err := c.Locks.Take(ctx, things...)
	if err != nil {
		return err
	}
	defer release()
	if debs = c.missing(debs); len(debs) == 0 {
		return nil
	}
	for some := range slices.Chunk(debs, together) {
		if err := c.fetch(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

// missing are the packages that are not here, each once.
func (c Cache) missing(debs []apt.Deb) (all []apt.Deb) {
	for _, deb := range debs {
		if _, ok := c.Find(deb); !ok && !slices.Contains(all, deb) {
			all = append(all, deb)
		}
	}
	return all
}

// fetch fetches and opens packages whose locks are held.
func (c Cache) fetch(ctx context.Context, debs []apt.Deb) error {
	at := func(deb apt.Deb) string { return filepath.Join(c.temp(id(deb)), "package.deb") }
	for _, deb := range debs {
		if err := emptyDir(c.temp(id(deb))); err != nil {
			return err
		}
		defer deep.Remove(c.temp(id(deb)))
	}
	scratch := filepath.Join(c.temp(id(debs[0])), "download")
	if err := emptyDir(scratch); err != nil {
		return err
	}
	d := apt.Downloader{Root: c.Root, Run: c.Run, Unauthenticated: c.Unauthenticated}
	if err := errors.Join(d.FetchAll(ctx, debs, scratch, at), deep.Remove(scratch)); err != nil {
		return err
	}
	return c.openAll(ctx, debs, at)
}

// emptyDir makes a directory for unfinished work.
func emptyDir(dir string) error { return errors.Join(deep.Remove(dir), untar.MakeDir(dir)) }

// openAll opens packages side by side. The directories get their names when all that is in them is on the disk: one call for
// thousands of small files, which power that fails in the meantime leaves unnamed.
func (c Cache) openAll(ctx context.Context, debs []apt.Deb, at func(apt.Deb) string) error {
	errs := make([]error, len(debs))
	slots := make(chan struct{}, runtime.NumCPU())
	var opened sync.WaitGroup
	for i, deb := range debs {
		slots <- struct{}{}
		opened.Go(func() {
			defer func() { <-slots }()
			errs[i] = open(ctx, deb, at(deb))
		})
	}
	opened.Wait()
	if err := untar.SyncAll(c.Dir); err != nil {
		return err
	}
	for i, deb := range debs {
		if errs[i] == nil {
			errs[i] = c.name(deb)
		}
	}
	return errors.Join(errs...)
}

// open opens a package beside its .deb, which it removes.
func open(ctx context.Context, deb apt.Deb, path string) error {
	r, err := debpkg.Open(path)
	if err != nil {
		return err
	}
	defer r.Close()
	data, err := r.Data()
	if err != nil {
		return err
	}
	defer data.Close()
	dir := filepath.Dir(path)
	if err := untar.MakeDir(filepath.Join(dir, dataDir)); err != nil {
		return err
	}
	root, err := os.OpenRoot(filepath.Join(dir, dataDir))
	if err != nil {
		return err
	}
	defer root.Close()
	ahead := codec.Ahead(data)
	defer ahead.Close()
	if _, err := untar.Extract(ctx, root, ahead, untar.Options{Archive: deb.String(), Rooted: true}); err != nil {
		return err
	}
	p := Package{Name: deb.Name.String(), Version: deb.Version.String(), Architecture: deb.Architecture.String(), SHA256: deb.SHA256, Depends: r.Control().Get("Depends")}
	if list := r.Script("md5sums"); list != nil {
		sum := sha256.Sum256(list)
		p.Sums = hex.EncodeToString(sum[:])
	}
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(filepath.Join(dir, recordName), text, 0o644), os.Chmod(filepath.Join(dir, recordName), 0o644), os.Remove(path))
}

// name gives an opened package its name, and removes another one that had it.
func (c Cache) name(deb apt.Deb) error {
	place, temp := c.place(deb), c.temp(id(deb))
	err := os.Rename(temp, place)
	if errors.Is(err, unix.EEXIST) || errors.Is(err, unix.ENOTEMPTY) {
		err = errors.Join(deep.Remove(place), os.Rename(temp, place))
	}
	if err != nil {
		return fmt.Errorf("keep %s: %w", deb, err)
	}
	return nil
}
