package sources

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mago/kbuild/deep"
	"mago/sources/lock"
	"mago/sources/untar"
)

// The cache:
//
//	downloads/<package>_<version>_<architecture>.deb
//	trees/<owner>/<version>/tree.json  the record, written last
//	trees/<owner>/<version>/data       what the .deb or tarball held
//	trees/<owner>/<version>/source     what the tarball inside the .deb held
//	trees/<owner>/<version>/beside     what was found out about it
//	trees/_tarballs                    closed to everybody else: the user's own tarballs may have been
//	locks/<owner>.lock                 held by whoever fills or empties the owner's places, and shared by those who read them
//
// The owner is a source package; the owner of the user's own tarballs is localOwner, with the tarball's hash as version.
// Unfinished work has a name with tempPrefix; if nobody holds the owner's lock, a killed process left it.
const (
	tempPrefix = ".tmp-"
	localOwner = "_tarballs" // no package can have this name
)

func (f *Fetcher) downloads() string { return filepath.Join(f.Cache, "downloads") }
func (f *Fetcher) trees() string     { return filepath.Join(f.Cache, "trees") }

// place is the path of an owner's tree of one version.
func (f *Fetcher) place(owner, version string) string {
	return filepath.Join(f.trees(), owner, quoteVersion(version))
}

// closeTarballs makes the directory of the user's own tarballs, which nobody else may enter.
func (f *Fetcher) closeTarballs() error {
	if err := untar.MakeDir(f.trees()); err != nil {
		return err
	}
	dir := filepath.Join(f.trees(), localOwner)
	if err := os.Mkdir(dir, 0o700); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Chmod(dir, 0o700)
}

// lock waits for the owner's lock. The caller calls unlock.
func (f *Fetcher) lock(ctx context.Context, owner, doing string) (unlock func(), err error) {
	return f.takeLocks(ctx, f.Locks.Limit, lock.Thing{Name: owner, What: whatOf(owner), Doing: doing})
}

// Hold keeps trees unchanged until it is released; others may read them too. It does not keep trees outside of the cache. The
// error is fs.ErrNotExist where a tree has been removed.
func (f *Fetcher) Hold(ctx context.Context, trees ...*Tree) (release func(), err error) {
	var things []lock.Thing
	for _, t := range trees {
		if rel, err := filepath.Rel(f.trees(), t.Dir); err == nil && filepath.IsLocal(rel) {
			owner, _, _ := strings.Cut(rel, "/")
			things = append(things, lock.Thing{Name: owner, What: whatOf(owner), Doing: "read", Shared: true})
		}
	}
	release, err = f.takeLocks(ctx, f.Locks.Limit, things...)
	if err != nil {
		return nil, err
	}
	for _, t := range trees {
		if _, err := os.Stat(t.Dir); err != nil {
			release()
			return nil, err
		}
	}
	return release, nil
}

func whatOf(owner string) string {
	if owner == localOwner {
		return "the cache of tarballs"
	}
	return "the source " + owner
}

func (f *Fetcher) takeLocks(ctx context.Context, limit time.Duration, things ...lock.Thing) (release func(), err error) {
	l := f.Locks
	l.Dir, l.Limit = filepath.Join(f.Cache, "locks"), limit
	if err := untar.MakeDir(l.Dir); err != nil {
		return nil, err
	}
	return l.Take(ctx, things...)
}

// fill makes an owner's tree: its argument fill writes into a temporary directory, which is renamed once it has its record.
// The caller holds the owner's lock.
func (f *Fetcher) fill(ctx context.Context, owner, version string, fill func(dir string) (record, error)) (*Tree, error) {
	final := f.place(owner, version)
	temp, err := makeTemp(filepath.Dir(final), filepath.Base(final))
	if err != nil {
		return nil, err
	}
	defer deep.Remove(temp) // not there any more after success
	rec, err := fill(temp)
	if err != nil {
		return nil, err
	}
	if rec.Digest, err = digest(ctx, &Tree{Dir: temp}, recordName); err != nil {
		return nil, err
	}
	if err := rec.write(temp); err != nil {
		return nil, err
	}
	if err := replace(final, temp); err != nil {
		return nil, err
	}
	return rec.tree(final), nil
}

// sweep removes what killed processes left, except where another process holds the lock. The error says what could not be
// removed.
func (f *Fetcher) sweep() (err error) {
	inDownloads, _ := filepath.Glob(filepath.Join(f.downloads(), tempPrefix+"*"))
	for _, temp := range inDownloads {
		err = errors.Join(err, f.sweepOne(strings.TrimPrefix(filepath.Base(temp), tempPrefix), temp))
	}
	inTrees, _ := filepath.Glob(filepath.Join(f.trees(), "*", tempPrefix+"*"))
	for _, temp := range inTrees {
		err = errors.Join(err, f.sweepOne(filepath.Base(filepath.Dir(temp)), temp))
	}
	return err
}

func (f *Fetcher) sweepOne(owner, temp string) error {
	unlock, err := f.takeLocks(context.Background(), lock.AtOnce, lock.Thing{Name: owner, What: whatOf(owner), Doing: "swept"})
	if busy := (*lock.BusyError)(nil); errors.As(err, &busy) {
		return nil
	}
	if err == nil {
		err = deep.Remove(temp)
		unlock()
	}
	if err != nil {
		return fmt.Errorf("remove %s: %w", temp, err)
	}
	return nil
}
