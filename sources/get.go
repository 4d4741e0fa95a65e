package sources

import (
	"context"
	"errors"

	"mago/catalog"
	"mago/sources/lock"
)

// Get returns the source of pkg in its candidate version, or in the installed version where apt has no candidate. It uses the
// cache and, with SystemSources, the host's source; else apt downloads the .deb, which is opened and never installed.
//
// Errors: *apt.UnauthenticatedError, *apt.FetchError, *UnsafeError, *LimitError, *LayoutError, *debpkg.FormatError. None leaves a half-made tree.
func (f *Fetcher) Get(ctx context.Context, pkg catalog.Package) (*Tree, error) {
	pkg = candidate(pkg)
	if err := check(pkg); err != nil {
		return nil, err
	}
	cached := func() (*Tree, error) { return f.cached(pkg) }
	if f.Fresh {
		cached = func() (*Tree, error) { return nil, nil }
	}
	return f.once(ctx, pkg.Name.String(), cached, func() (*Tree, error) { return f.get(ctx, pkg) })
}

// once returns the cached tree, or waits for the owner's lock, looks again, and calls get. cached returns nil for none.
func (f *Fetcher) once(ctx context.Context, owner string, cached, get func() (*Tree, error)) (*Tree, error) {
	tree, err := cached()
	if tree != nil || err != nil {
		return tree, err
	}
	_ = f.sweep() // what fails now is met again by the next run
	patient := *f
	// who has made it may read it now for a long time, and nobody has to wait for that
	patient.Locks.Enough = func() bool { tree, err = cached(); return tree != nil || err != nil }
	unlock, lockErr := patient.lock(ctx, owner, "fetched")
	if errors.Is(lockErr, lock.ErrEnough) {
		return tree, err
	}
	if lockErr != nil {
		return nil, lockErr
	}
	defer unlock()
	if tree, err := cached(); tree != nil || err != nil {
		return tree, err
	}
	return get()
}

// get fetches and opens pkg. The caller holds the package's lock.
func (f *Fetcher) get(ctx context.Context, pkg catalog.Package) (*Tree, error) {
	if tarball := f.hostTarball(pkg); tarball != "" {
		return f.openHostTarball(ctx, pkg, tarball)
	}
	deb, err := f.download(ctx, pkg)
	if err != nil {
		return nil, err
	}
	return f.openDeb(ctx, pkg, deb)
}

// Cached returns what Get would, if that needs neither apt nor opening anything. It reads one small file, and with
// SystemSources those of the host; where Get would fail to read those there is none.
func (f *Fetcher) Cached(pkg catalog.Package) (*Tree, bool) {
	pkg = candidate(pkg)
	if check(pkg) != nil {
		return nil, false
	}
	tree, err := f.cached(pkg)
	return tree, tree != nil && err == nil
}

// cached is Cached for a package with a version; nil where there is none.
func (f *Fetcher) cached(pkg catalog.Package) (*Tree, error) {
	if tree, err := f.hostTree(pkg); tree != nil || err != nil {
		return tree, err
	}
	tree, rec, err := f.read(pkg.Name.String(), pkg.Version.String())
	if err != nil { // it is made anew
		return nil, nil
	}
	archive, ok := f.current(pkg, rec)
	if !ok {
		return nil, nil
	}
	f.attach(tree, pkg, archive)
	return tree, nil
}

// current reports whether a tree was made of what Get would open today, and returns what that is.
func (f *Fetcher) current(pkg catalog.Package, rec record) (archive string, ok bool) {
	if tarball := f.hostTarball(pkg); tarball != "" {
		return tarball, rec.Origin == Host && rec.Stamp == stamp(tarball)
	}
	return f.debPath(pkg), f.trusts(pkg) && rec.Origin == Archive && rec.SHA256 == pkg.SHA256
}

// trusts reports whether a package's archive may be used.
func (f *Fetcher) trusts(pkg catalog.Package) bool { return !pkg.Unauthenticated || f.Unauthenticated }

// candidate replaces a missing candidate by the installed version.
func candidate(pkg catalog.Package) catalog.Package {
	if pkg.Version.IsZero() {
		pkg.Version = pkg.Installed
	}
	return pkg
}
