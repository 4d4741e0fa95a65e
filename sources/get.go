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
	cached := func() (*Tree, bool) { return f.Cached(pkg) }
	if f.Fresh {
		cached = func() (*Tree, bool) { return nil, false }
	}
	return f.once(ctx, pkg.Name.String(), cached, func() (*Tree, error) { return f.get(ctx, pkg) })
}

// once returns the cached tree, or waits for the owner's lock, looks again, and calls get.
func (f *Fetcher) once(ctx context.Context, owner string, cached func() (*Tree, bool), get func() (*Tree, error)) (*Tree, error) {
	if tree, ok := cached(); ok {
		return tree, nil
	}
	_ = f.sweep()  // what fails now is met again by the next run
	var made *Tree // by who may read it now for a long time, and whom nobody has to wait for
	patient := *f
	patient.Locks.Enough = func() (ok bool) { made, ok = cached(); return ok }
	unlock, err := patient.lock(ctx, owner, "fetched")
	if errors.Is(err, lock.ErrEnough) {
		return made, nil
	}
	if err != nil {
		return nil, err
	}
	defer unlock()
	if tree, ok := cached(); ok {
		return tree, nil
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
// SystemSources those of the host.
func (f *Fetcher) Cached(pkg catalog.Package) (*Tree, bool) {
	pkg = candidate(pkg)
	if check(pkg) != nil {
		return nil, false
	}
	if tree, ok := f.hostTree(pkg); ok {
		return tree, true
	}
	tree, rec, err := f.read(pkg.Name.String(), pkg.Version.String())
	if err != nil {
		return nil, false
	}
	archive, ok := f.current(pkg, rec)
	f.attach(tree, pkg, archive)
	return tree, ok
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
