package sources

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// The cache:
//
//	downloads/<package>_<version>_<architecture>.deb
//	trees/<owner>/<version>/tree.json  the record, written last
//	trees/<owner>/<version>/data       what the .deb or tarball held
//	trees/<owner>/<version>/source     what the tarball inside the .deb held
//	locks/<owner>.lock                 held by whoever fills or empties the owner's places
//
// The owner is a source package or, of the user's own tarballs, localOwner, with the tarball's hash as version. What is
// being made bears tempPrefix; without the owner's lock held it is a dead process's.
const (
	tempPrefix = ".tmp-"
	localOwner = "_tarballs" // no package can have this name
	lockPoll   = 50 * time.Millisecond
)

func (f *Fetcher) downloads() string { return filepath.Join(f.Cache, "downloads") }
func (f *Fetcher) trees() string     { return filepath.Join(f.Cache, "trees") }

// place is where an owner's tree of one version lies, or will.
func (f *Fetcher) place(owner, version string) string {
	return filepath.Join(f.trees(), owner, quoteVersion(version))
}

// lock waits until nobody else works on owner's places. The caller calls unlock.
func (f *Fetcher) lock(ctx context.Context, owner string) (unlock func(), err error) {
	l, err := f.lockFile(owner)
	if err != nil {
		return nil, err
	}
	if _, err := l.TryLockContext(ctx, lockPoll); err != nil {
		return nil, fmt.Errorf("wait for another process to leave %s: %w", owner, err)
	}
	return func() { _ = l.Close() }, nil // the kernel has released it all the same
}

func (f *Fetcher) lockFile(owner string) (*flock.Flock, error) {
	dir := filepath.Join(f.Cache, "locks")
	if err := makeDir(dir); err != nil {
		return nil, err
	}
	return flock.New(filepath.Join(dir, owner+".lock")), nil
}

// fill makes an owner's tree: fill writes below a temporary directory, which takes its place once the record is there.
// The caller holds the owner's lock.
func (f *Fetcher) fill(owner, version string, fill func(dir string) (record, error)) (*Tree, error) {
	final := f.place(owner, version)
	temp, err := makeTemp(filepath.Dir(final), filepath.Base(final))
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp) // not there any more after success
	rec, err := fill(temp)
	if err != nil {
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

// sweep removes what killed processes left, as far as it can: what fails now is met again by the next run.
func (f *Fetcher) sweep() {
	inDownloads, _ := filepath.Glob(filepath.Join(f.downloads(), tempPrefix+"*"))
	for _, temp := range inDownloads {
		f.sweepOne(strings.TrimPrefix(filepath.Base(temp), tempPrefix), temp)
	}
	inTrees, _ := filepath.Glob(filepath.Join(f.trees(), "*", tempPrefix+"*"))
	for _, temp := range inTrees {
		f.sweepOne(filepath.Base(filepath.Dir(temp)), temp)
	}
}

func (f *Fetcher) sweepOne(owner, temp string) {
	l, err := f.lockFile(owner)
	if err != nil {
		return
	}
	if ok, err := l.TryLock(); err == nil && ok {
		_ = os.RemoveAll(temp)
		_ = l.Close()
	}
}
