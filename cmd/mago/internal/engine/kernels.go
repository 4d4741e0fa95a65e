package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"mago/catalog"
	"mago/debpkg/word"
	"mago/kbuild/kernel"
)

// releases turns -l and -k into kernel releases. -k without -l means the kernels of those directories; neither means
// the running one.
func (kf *kernelFinder) releases(ctx context.Context) ([]string, error) {
	return kf.releasesOr(ctx, "running", false)
}

// releasesOr is releases with another word of -l for the kernels that neither -l nor -k names; fetches is as in expandKernel.
func (kf *kernelFinder) releasesOr(ctx context.Context, word string, fetches bool) ([]string, error) {
	f := kf.finder()
	words := kf.Kernels
	releases, err := kf.dirReleases()
	if err != nil {
		return nil, err
	}
	if len(words) == 0 && len(releases) == 0 {
		words = []string{word}
	}
	for _, word := range words {
		some, err := kf.expandKernel(ctx, f, word, fetches)
		if err != nil {
			return nil, err
		}
		releases = append(releases, some...)
	}
	return kernel.SortReleases(releases), nil
}

// limited reports whether -l or -k choose among kernels.
func (kf *kernelFinder) limited() bool {
	return len(kf.Kernels) > 0 || len(kf.HeaderDirs) > 0
}

// chosen gives the test for the kernels that -l and -k choose among those that something is kept of, all of them where
// neither is given. Unlike with releases, a kernel need not be there any more.
func (kf *kernelFinder) chosen(ctx context.Context) (func(release string) bool, error) {
	if !kf.limited() {
		return func(string) bool { return true }, nil
	}
	releases, err := kf.dirReleases()
	if err != nil {
		return nil, err
	}
	var patterns []string
	for _, word := range kf.Kernels {
		if !slices.Contains(KernelWords, word) {
			patterns = append(patterns, word)
			continue
		}
		some, err := kf.expandKernel(ctx, kf.finder(), word, false)
		if err != nil {
			return nil, err
		}
		releases = append(releases, some...)
	}
	return func(release string) bool {
		return slices.Contains(releases, release) || slices.ContainsFunc(patterns, func(pattern string) bool {
			ok, _ := path.Match(pattern, release) // a malformed pattern matches nothing
			return ok
		})
	}, nil
}

// KernelWords are the words of -l that are neither a release nor a pattern.
var KernelWords = []string{"running", "installed", "all", "every", "newest", "next"}

// expandKernel gives the releases that one word of -l stands for; fetches says whether headers would be fetched, and nothing be
// installed.
func (kf *kernelFinder) expandKernel(ctx context.Context, f kernel.Finder, word string, fetches bool) ([]string, error) {
	var found []string
	switch word {
	case "running":
		if release := kf.running(); release != "" {
			return []string{release}, nil
		}
		return nil, &NoKernelError{Running: true}
	case "installed":
		found = f.Installed()
	case "all":
		found = kf.kernelsHere()
	case "newest":
		return kf.newest(ctx, kf.kernelsHere())
	case "every":
		return kf.offered(ctx, "every", fetches, func(string) bool { return true })
	case "next":
		return kf.comingKernels(ctx)
	default:
		if strings.ContainsAny(word, "*?[") {
			return kf.matching(ctx, word, kf.kernelsHere(), fetches)
		}
		if kernel.ValidRelease(word) {
			return []string{word}, nil
		}
	}
	switch {
	case len(found) > 0:
		return found, nil
	case word == "installed" || word == "all":
		return nil, &NoneHereError{WithHeaders: kf.kernelsHere()}
	}
	return nil, &NoKernelError{Word: word}
}

// kernelsHere are the kernels whose modules or headers are on the machine, oldest first.
func (kf *kernelFinder) kernelsHere() []string {
	f := kf.finder()
	return kernel.SortReleases(append(f.Installed(), f.WithHeaders()...))
}

// matching gives the kernels here that a pattern fits, and those in apt where headers are fetched or none here fits.
func (kf *kernelFinder) matching(ctx context.Context, word string, here []string, fetches bool) ([]string, error) {
	if _, err := path.Match(word, ""); err != nil {
		return nil, &UsageError{fmt.Errorf("-l %s: %w", word, err)}
	}
	fits := func(release string) bool {
		ok, _ := path.Match(word, release) // the pattern is good
		return ok
	}
	here = slices.DeleteFunc(here, func(release string) bool { return !fits(release) })
	if len(here) > 0 && !fetches {
		return here, nil
	}
	found, err := kf.offered(ctx, word, fetches, fits)
	if none := (*NoKernelError)(nil); errors.As(err, &none) && len(here) > 0 {
		return here, nil
	}
	return kernel.SortReleases(append(found, here...)), err
}

// offered are the kernels that apt has headers for, as far as they fit; without those that headers would have installed.
func (kf *kernelFinder) offered(ctx context.Context, word string, fetches bool, fits func(string) bool) ([]string, error) {
	known, err := kf.apt.releasesInApt(ctx)
	if err != nil {
		return nil, err
	}
	if fetches {
		known = append(known, kf.cache.releases()...)
	}
	found := kernel.SortReleases(slices.DeleteFunc(known, func(release string) bool { return !fits(release) }))
	switch {
	case len(found) == 0:
		return nil, &NoKernelError{Word: word, inApt: true}
	case fetches:
		return found, nil
	}
	return kf.narrowed(ctx, word, found)
}

// releasesInApt lists the kernels that apt has headers for.
func (at *aptTool) releasesInApt(ctx context.Context) ([]string, error) {
	headers, err := at.headersInApt(ctx)
	return word.Strings(slices.Collect(maps.Keys(headers))...), err
}

func (at *aptTool) headersInApt(ctx context.Context) (catalog.Headers, error) {
	return at.known.inApt.get(at.known.changes.Load(), func() (catalog.Headers, error) { return catalog.FindHeaders(ctx, at.catalogConfig()) })
}

// headersPackage is the package that apt has a kernel's headers in, called after the release or not; none where apt knows none.
func (at *aptTool) headersPackage(ctx context.Context, release string) (word.Package, error) {
	known, err := at.headersInApt(ctx)
	if err != nil {
		return word.Package{}, err
	}
	r, err := word.ParseRelease(release)
	if err != nil {
		return word.Package{}, nil // no kernel is called so
	}
	if name, ok := known[r]; ok {
		return name, nil
	}
	name, err := word.ParsePackage("linux-headers-" + release)
	if err != nil || slices.ContainsFunc(slices.Collect(maps.Keys(known)), func(r word.Release) bool { return strings.HasPrefix(r.String(), release+"-") }) {
		return word.Package{}, nil // no archive has headers under such a name, or it has the half of some
	}
	return catalog.Provider(ctx, at.catalogConfig(), name)
}

// running is the running kernel, where the root is the running system even without a /proc.
func (kf *kernelFinder) running() string {
	var name unix.Utsname
	if release := kf.finder().Running(); release != "" || kf.Root != "/" || unix.Uname(&name) != nil {
		return release
	}
	return unix.ByteSliceToString(name.Release[:])
}

// newest is the newest kernel here of the running one's flavour, else the newest that apt has headers for: those first that
// come without the kernel.
func (kf *kernelFinder) newest(ctx context.Context, here []string) ([]string, error) {
	if len(here) == 0 {
		known, err := kf.plainFlavour(ctx)
		if err != nil {
			return nil, err
		}
		if here, err = kf.apt.withoutKernels(ctx, known); err != nil {
			return nil, err
		}
		if len(here) == 0 {
			here = known
		}
	}
	if len(here) == 0 {
		return nil, &NoKernelError{Word: "newest", inApt: true}
	}
	here = kernel.OfFlavour(here, kf.running())
	return here[len(here)-1:], nil
}

// plainFlavour lists the kernels in apt of the flavour that is named like the architecture: no -rt, no -cloud.
func (kf *kernelFinder) plainFlavour(ctx context.Context) ([]string, error) {
	arch, err := kf.pkgs.architecture()
	if err != nil {
		return nil, err
	}
	known, err := kf.apt.releasesInApt(ctx)
	plain := slices.DeleteFunc(known, func(release string) bool {
		version, ok := strings.CutSuffix(release, "-"+arch)
		return !ok || strings.HasSuffix(version, "-rt") || strings.HasSuffix(version, "-cloud")
	})
	return kernel.SortReleases(plain), err
}

// noKernel is for what a module is done to whatever the kernel.
var noKernel = []kernel.Kernel{{}}

func (kf *kernelFinder) kernelsOf(ctx context.Context, releases []string) ([]kernel.Kernel, error) {
	var kernels []kernel.Kernel
	for _, release := range releases {
		k, err := kf.kernel(release)
		if err != nil {
			return nil, kf.whyNoKernel(ctx, release, err)
		}
		kernels = append(kernels, k)
	}
	return kernels, nil
}

func (kf *kernelFinder) finder() kernel.Finder {
	return kernel.Finder{Root: kf.Root, Dirs: kf.HeaderDirs, Packages: kf.pkgs.ofRelease}
}

// kernel finds a kernel's headers, installed or in the cache, or says with a *kernel.HeadersError what is missing.
func (kf *kernelFinder) kernel(release string) (kernel.Kernel, error) {
	k, err := kf.installedKernel(release)
	if isMissing(err) {
		if opened, ok, openedErr := kf.cache.opened(release); ok {
			return opened, openedErr
		}
	}
	return k, err
}

// installedKernel finds a kernel's headers that are installed.
func (kf *kernelFinder) installedKernel(release string) (kernel.Kernel, error) {
	if kf.fromApt[release] {
		return kernel.Kernel{}, &kernel.HeadersError{Release: release}
	}
	found, err := kf.known.kernels.get(kf.known.changes.Load(), func() (map[string]foundKernel, error) { return map[string]foundKernel{}, nil })
	if err != nil {
		return kernel.Kernel{}, err
	}
	kf.known.kernels.lock.Lock()
	defer kf.known.kernels.lock.Unlock()
	f, ok := found[release]
	if !ok {
		f.Kernel, f.err = kf.finder().Find(release)
		found[release] = f
	}
	return f.Kernel, f.err
}

// foundKernel is what looking a kernel up gave.
type foundKernel struct {
	kernel.Kernel
	err error
}

// Limited reports whether the caller has chosen among kernels.
func (e *Engine) Limited() bool { return e.kernels.limited() }

// HasRunningHeaders reports whether headers of the running kernel are installed.
func HasRunningHeaders(e *Engine) bool {
	_, err := e.kernels.installedKernel(e.kernels.running())
	return err == nil
}
