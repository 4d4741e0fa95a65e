package engine

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"mago/debpkg/apt"
	"mago/debpkg/rooted"
	"mago/kbuild/kernel"
	"mago/sources/headers"
	"mago/sources/lock"
)

// Kernels whose headers are not installed are built for from packages that lie opened in the cache: see sources/headers.

func (b *base) openedHeaders() headers.Cache {
	return headers.Cache{Dir: b.headers(), Root: rooted.Root(b.Root), Run: b.host.query, Locks: b.locks(b.Wait.Limit), Unauthenticated: b.Unauthenticated}
}

// opened finds a kernel in the cache; ok is false where one of its packages is not there.
func (hc *headerCache) opened(release string) (k kernel.Kernel, ok bool, err error) {
	entry, ok := hc.kernelIndex().Kernels[release]
	if !ok {
		return kernel.Kernel{}, false, nil
	}
	o, here := hc.openedFrom(entry.Packages)
	switch {
	case !here:
		return kernel.Kernel{}, false, nil
	case entry.Facts != nil:
		return entry.Facts.Kernel(o), true, nil
	}
	k, err = kernel.Finder{Root: hc.Root}.FindOpened(release, o)
	return k, true, err
}

// releases are the kernels whose headers the cache has, oldest first.
func (hc *headerCache) releases() (all []string) {
	for release := range hc.kernelIndex().Kernels {
		if _, ok, _ := hc.opened(release); ok {
			all = append(all, release)
		}
	}
	return kernel.SortReleases(all)
}

// openedFrom is where packages lie; ok is false where one of them does not.
func (hc *headerCache) openedFrom(debs []apt.Deb) (o kernel.Opened, ok bool) {
	o.Package, o.Version = debs[0].Name.String(), debs[0].Version.String()
	cache := hc.openedHeaders()
	for _, deb := range debs {
		p, here := cache.Find(deb)
		if !here {
			return o, false
		}
		o.Dirs = append(o.Dirs, p.Data)
	}
	return o, true
}

func (hc *headerCache) kernelIndex() kernelIndex {
	ix, _ := hc.known.opened.get(0, func() (kernelIndex, error) { return hc.readKernelIndex(), nil })
	return ix
}

// chosenKernels are the kernels that a plan builds for, and of those whose headers are to be fetched first the packages.
type chosenKernels struct {
	kernels []kernel.Kernel
	sets    map[string]headerSet
	errs    map[string]error // why nothing can be built for a kernel
}

// toBuildFor finds kernels here, in the cache, and in apt. One that apt has to fetch is known by its package and version alone, or by
// what was found out when the very packages were here.
func (kf *kernelFinder) toBuildFor(ctx context.Context, releases []string) (chosenKernels, error) {
	c := chosenKernels{sets: map[string]headerSet{}, errs: map[string]error{}}
	var away []string
	for _, release := range releases {
		if _, err := kf.installedKernel(release); isMissing(err) {
			away = append(away, release)
		}
	}
	offered, err := kf.cache.offeredHeaders(ctx, away)
	if err != nil {
		return c, err
	}
	for _, release := range releases {
		k, err := kf.installedKernel(release)
		if isMissing(err) {
			k, err = kf.away(ctx, &c, release, offered[release], err)
		}
		if err != nil {
			return c, kf.whyNoKernel(ctx, release, err)
		}
		c.kernels = append(c.kernels, k)
	}
	if len(away) > 0 {
		err = kf.cache.canShow(ctx, away)
	}
	return c, err
}

// cachedOf are those of the kernels that are not installed and whose headers the cache has as apt does. What cannot be told is none.
func (kf *kernelFinder) cachedOf(ctx context.Context, releases []string) map[string]kernel.Kernel {
	cached := map[string]kernel.Kernel{}
	away := slices.DeleteFunc(slices.Clone(releases), func(release string) bool {
		_, err := kf.installedKernel(release)
		_, known := kf.cache.kernelIndex().Kernels[release]
		return !isMissing(err) || !known
	})
	if len(away) == 0 {
		return nil
	}
	c, err := kf.toBuildFor(ctx, away)
	for _, k := range c.kernels {
		if err == nil && k.Headers != "" {
			cached[k.Release] = k
		}
	}
	return cached
}

// isMissing reports whether headers are not installed; those of which a part is there are not fetched.
func isMissing(err error) bool {
	var missing *kernel.HeadersError
	return errors.As(err, &missing) && missing.Dir == ""
}

// doubted are those of packages that no checked signature covers.
func doubted(debs []apt.Deb) (all []apt.Deb) {
	for _, deb := range debs {
		if deb.Unauthenticated {
			all = append(all, deb)
		}
	}
	return all
}

// away is a kernel whose headers are not installed.
func (kf *kernelFinder) away(ctx context.Context, c *chosenKernels, release string, set headerSet, missing error) (kernel.Kernel, error) {
	entry := kf.cache.kernelIndex().Kernels[release]
	debs, current := set.debs, entry.isOf(set.debs)
	if len(debs) == 0 { // apt does not know them any more
		debs, current = entry.Packages, true
	}
	if unsigned := doubted(debs); len(unsigned) > 0 && !kf.Unauthenticated {
		c.errs[release] = &apt.UnauthenticatedError{Package: unsigned[0].Name.String(), Version: unsigned[0].Version.String()}
		return kernel.Kernel{Release: release, Version: release}, nil
	}
	if current {
		k, ok, err := kf.cache.opened(release)
		if err != nil {
			c.errs[release] = err
			return kernel.Kernel{Release: release, Version: release}, nil
		}
		if ok {
			return k, nil
		}
	}
	if len(set.debs) == 0 {
		return kernel.Kernel{}, missing
	}
	if err, failed := kf.known.unfetched.Load(release); failed {
		c.errs[release] = err.(error)
	} else {
		c.sets[release] = set
	}
	own := kernel.Opened{Package: set.debs[0].Name.String(), Version: set.debs[0].Version.String()}
	if current && entry.Facts != nil {
		return entry.Facts.Kernel(own).Without(), nil
	}
	return kernel.Kernel{Release: release, Package: own.Package, Version: own.Version}, nil
}

// withHeaders is a plan made anew once the headers that it lacks are in the cache.
func (kf *kernelFinder) withHeaders(ctx context.Context, e *Engine, p *Plan) (*Plan, error) {
	if len(p.sets) == 0 {
		return p, nil
	}
	if err := kf.cache.fetchHeaders(ctx, p.sets); err != nil || kf.DryRun {
		return p, err
	}
	return e.complete(ctx, p)
}

// fetchNamed fetches the headers of the kernels that -l names and that are neither installed nor in the cache.
func (kf *kernelFinder) fetchNamed(ctx context.Context) error {
	if len(kf.Kernels) == 0 {
		return nil
	}
	releases, err := kf.releasesOr(ctx, "running", true)
	if err != nil {
		return err
	}
	c, err := kf.toBuildFor(ctx, releases)
	if err != nil {
		return err
	}
	var sets []headerSet
	var errs []error
	for _, release := range releases {
		if set, ok := c.sets[release]; ok {
			sets = append(sets, set)
		}
		errs = append(errs, c.errs[release])
	}
	if err := kf.cache.fetchHeaders(ctx, sets); err != nil {
		return err
	}
	for _, set := range sets {
		if err, failed := kf.known.unfetched.Load(set.release); failed {
			errs = append(errs, err.(error))
		}
	}
	return errors.Join(errs...)
}

// fetchHeaders has apt fetch what sets lack, and takes down what plans ask of the kernels.
func (hc *headerCache) fetchHeaders(ctx context.Context, sets []headerSet) error {
	if len(sets) == 0 {
		return nil
	}
	if hc.DryRun {
		var releases []string
		for _, set := range sets {
			releases = append(releases, set.release)
		}
		hc.say.note("headers", "would fetch those of %s", strings.Join(releases, ", "))
		return nil
	}
	p := hc.say.begin("headers", "fetching those of "+Plural(len(sets), "kernel"))
	defer p.end()
	var debs []apt.Deb
	for _, set := range sets {
		debs = append(debs, set.debs...)
	}
	err := hc.openedHeaders().Fetch(ctx, debs)
	failed := 0
	for _, set := range sets {
		if err == nil || len(sets) == 1 || ctx.Err() != nil {
			break
		}
		if err := hc.openedHeaders().Fetch(ctx, set.debs); err != nil { // what the others need may be there
			hc.known.unfetched.Store(set.release, err)
			failed++
		}
	}
	if ctx.Err() != nil || err != nil && len(sets) == 1 {
		return errors.Join(err, ctx.Err())
	}
	if err := hc.keepFacts(ctx, sets); err != nil {
		return err
	}
	hc.known.kernels.forget()
	hc.known.opened.forget()
	if failed < len(sets) {
		p.timed("fetched those of " + Plural(len(sets)-failed, "kernel"))
	}
	return nil
}

// keepFacts brings the index up to date with kernels whose packages are here now.
func (hc *headerCache) keepFacts(ctx context.Context, sets []headerSet) error {
	entries := map[string]kernelEntry{}
	for _, set := range sets {
		o, ok := hc.openedFrom(set.debs)
		if !ok {
			continue
		}
		entry := kernelEntry{Packages: set.debs}
		if k, err := (kernel.Finder{Root: hc.Root}).FindOpened(set.release, o); err == nil {
			if facts, ok := k.Facts(); ok {
				entry.Facts = &facts
			}
		}
		entries[set.release] = entry
	}
	release, err := hc.locks(hc.Wait.Limit).Take(ctx, lock.Thing{Name: "_headers", What: "the index of kernels", Doing: "written"})
	if err != nil {
		return err
	}
	defer release()
	ix := hc.readKernelIndex()
	for release, entry := range entries {
		ix.Kernels[release] = entry
	}
	return ix.write(hc.kernelIndexFile())
}

// holdHeaders keeps the opened packages that a unit is built against as they are. The error is fs.ErrNotExist where one has been removed,
// or has been replaced since its kernel was looked at.
func (bu *builder) holdHeaders(ctx context.Context, u unit) (release func(), err error) {
	var packages []headers.Package
	for _, dir := range u.Kernel.Opened().Dirs {
		packages = append(packages, headers.Package{Data: dir})
	}
	cache := bu.openedHeaders()
	release, err = cache.Hold(ctx, packages...)
	if errors.Is(err, fs.ErrNotExist) {
		err = &EvictedHeadersError{u.Kernel.Release}
	}
	if err != nil || len(packages) == 0 {
		return release, err
	}
	for _, deb := range bu.known.opened.value().Kernels[u.Kernel.Release].Packages {
		if _, here := cache.Find(deb); !here {
			release()
			return nil, &EvictedHeadersError{u.Kernel.Release}
		}
	}
	return release, nil
}

// EvictedHeadersError says that headers are not in the cache any more, where they were when the build was planned, or that others
// have taken their place.
type EvictedHeadersError struct{ Release string }

func (e *EvictedHeadersError) Error() string {
	return "somebody has removed the headers of kernel " + e.Release + " from the cache meanwhile"
}
