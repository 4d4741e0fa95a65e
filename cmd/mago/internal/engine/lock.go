package engine

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"mago/sources"
	"mago/sources/lock"
)

// What is shared, which lock keeps it, and from when to when. Locks of several things are taken in the order of this
// list, those of one line in the order of their names; so nobody waits in a ring.
//
//	_renewed            the place where check builds for kernels that come in another version, while it does
//	_trials             the place where check builds newer versions, while it builds one
//	<module>_<kernel>   a unit's build: records, log, work directory, package; while it is built, installed or cleaned.
//	                    Shared while another unit is compiled against it. Whoever builds several units has none of
//	                    them while it waits for another one, and takes those that it installs together
//	<source package>    its download and its opened tree, while they are made or removed (package sources). Shared
//	                    while a unit is built of them
//	_headers_<package>  a package of kernels' headers in the cache, while it is fetched or removed (package
//	                    sources/headers). Shared while a unit is built against it
//	_headers            the index of kernels whose headers are in the cache, while it is written
//	_common_<module>    the package of common files, which all kernels' builds write: alone while it gets its name and
//	                    the record that names it, and while clean removes those that no record names. Shared while
//	                    it is installed
//	_dest               the directory of copies, while one is put there
//	_catalog            the index, while it is made anew
//	_user               the build user, while it is made
//	apt's and dpkg's    theirs (package debpkg/apt), which keep processes apart; within one known.system does
//
// Readers (list, show, status) take none of them but _catalog, which they wait for only where there is no index yet:
// records, the index, trees and packages appear whole under their names.

// locks waits for others as limit says, and tells of it.
func (b *base) locks(limit time.Duration) lock.Locks {
	return lock.Locks{
		Dir: filepath.Join(b.Cache, "locks"), Limit: limit, Waiting: tellWaiting[*lock.BusyError](b.say, b.forgetInstalled),
		Me: b.Me, Own: b.process,
	}
}

// withUnitLock does something to a unit that nobody else works on, while what it is compiled against stays as it is.
func (bu *builder) withUnitLock(ctx context.Context, u unit, doing string, do func() error) error {
	if bu.DryRun {
		return do()
	}
	things := []lock.Thing{u.thing(doing)}
	for _, n := range u.needed {
		need := unit{n, u.Kernel}.thing("read")
		need.Shared = true
		things = append(things, need)
	}
	release, err := bu.locks(bu.Wait.forLong()).Take(ctx, things...)
	if err != nil {
		return err
	}
	defer release()
	return do()
}

func (u unit) thing(doing string) lock.Thing {
	return lock.Thing{Name: u.name + "_" + u.Kernel.Release, What: u.String(), Doing: doing}
}

// holdSources keeps the sources that a unit is built from as they are.
func (bu *builder) holdSources(ctx context.Context, u unit) (release func(), err error) {
	trees := []*sources.Tree{u.tree}
	for i := range u.needed {
		if err := bu.modules.openCached(ctx, &u.needed[i]); err != nil {
			return nil, err
		}
		trees = append(trees, u.needed[i].tree)
	}
	release, err = bu.modules.fetcher().Hold(ctx, trees...)
	if errors.Is(err, fs.ErrNotExist) {
		err = &NotFetchedError{u.name, bu.modules.Kernels}
	}
	return release, err
}

func commonThing(module, doing string, shared bool) lock.Thing {
	return lock.Thing{Name: "_common_" + module, What: "the common files of " + module, Doing: doing, Shared: shared}
}
