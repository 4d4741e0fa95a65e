package main

import (
	"context"
	"fmt"
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
func (a *app) releases(ctx context.Context) ([]string, error) {
	f := a.finder()
	words := lists(a.KversList...)
	releases, err := a.dirReleases()
	if err != nil {
		return nil, err
	}
	if len(words) == 0 && len(releases) == 0 {
		words = []string{"running"}
	}
	for _, word := range words {
		some, err := a.expandKernel(ctx, f, word)
		if err != nil {
			return nil, err
		}
		releases = append(releases, some...)
	}
	return kernel.SortReleases(releases), nil
}

// limited reports whether -l or -k choose among kernels.
func (a *app) limited() bool { return len(lists(a.KversList...)) > 0 || len(a.kernelDirs()) > 0 }

// chosen gives the test for the kernels that -l and -k choose among those that something is kept of, all of them where
// neither is given. Unlike with releases, a kernel need not be there any more.
func (a *app) chosen(ctx context.Context) (func(release string) bool, error) {
	if !a.limited() {
		return func(string) bool { return true }, nil
	}
	releases, err := a.dirReleases()
	if err != nil {
		return nil, err
	}
	var patterns []string
	for _, word := range lists(a.KversList...) {
		if !slices.Contains(kernelWords, word) {
			patterns = append(patterns, word)
			continue
		}
		some, err := a.expandKernel(ctx, a.finder(), word)
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

// kernelWords are the words of -l that are neither a release nor a pattern.
var kernelWords = []string{"running", "installed", "all", "newest"}

// expandKernel gives the releases that one word of -l stands for.
func (a *app) expandKernel(ctx context.Context, f kernel.Finder, word string) ([]string, error) {
	var found []string
	switch word {
	case "running":
		if release := a.running(); release != "" {
			return []string{release}, nil
		}
		return nil, &noKernelError{running: true}
	case "installed":
		found = f.Installed()
	case "all":
		found = a.kernelsHere()
	case "newest":
		return a.newest(ctx, a.kernelsHere())
	default:
		if strings.ContainsAny(word, "*?[") {
			return a.matching(ctx, word, a.kernelsHere())
		}
		if kernel.ValidRelease(word) {
			return []string{word}, nil
		}
	}
	if len(found) == 0 {
		return nil, &noKernelError{word: word}
	}
	return found, nil
}

// kernelsHere are the kernels whose modules or headers are on the machine, oldest first.
func (a *app) kernelsHere() []string {
	f := a.finder()
	return kernel.SortReleases(append(f.Installed(), f.WithHeaders()...))
}

// matching gives the kernels here that a pattern fits, else those in apt.
func (a *app) matching(ctx context.Context, word string, here []string) ([]string, error) {
	if _, err := path.Match(word, ""); err != nil {
		return nil, &usageError{fmt.Errorf("-l %s: %w", word, err)}
	}
	fits := func(release string) bool {
		ok, _ := path.Match(word, release) // the pattern is good
		return ok
	}
	if slices.ContainsFunc(here, fits) {
		return slices.DeleteFunc(here, func(release string) bool { return !fits(release) }), nil
	}
	known, err := a.releasesInApt(ctx)
	if err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(known, func(release string) bool { return !fits(release) })
	if len(found) == 0 {
		return nil, &noKernelError{word: word, inApt: true}
	}
	return a.narrowed(ctx, word, kernel.SortReleases(found))
}

// releasesInApt lists the kernels that apt has headers for.
func (a *app) releasesInApt(ctx context.Context) ([]string, error) {
	if a.inApt == nil {
		known, err := catalog.HeaderReleases(ctx, a.catalogConfig())
		if err != nil {
			return nil, err
		}
		a.inApt = word.Strings(known...)
	}
	return slices.Clone(a.inApt), nil
}

// running is the running kernel, where the root is the running system even without a /proc.
func (a *app) running() string {
	var name unix.Utsname
	if release := a.finder().Running(); release != "" || a.Root != "/" || unix.Uname(&name) != nil {
		return release
	}
	return unix.ByteSliceToString(name.Release[:])
}

// newest is the newest kernel here of the running one's flavour, else the newest that apt has headers for: those first that
// come without the kernel.
func (a *app) newest(ctx context.Context, here []string) ([]string, error) {
	if len(here) == 0 {
		known, err := a.plainFlavour(ctx)
		if err != nil {
			return nil, err
		}
		if here, err = a.comingAlone(ctx, known); err != nil {
			return nil, err
		}
		if len(here) == 0 {
			here = known
		}
	}
	if len(here) == 0 {
		return nil, &noKernelError{word: "newest", inApt: true}
	}
	here = kernel.OfFlavour(here, a.running())
	return here[len(here)-1:], nil
}

// plainFlavour lists the kernels in apt of the flavour that is named like the architecture: no -rt, no -cloud.
func (a *app) plainFlavour(ctx context.Context) ([]string, error) {
	arch, err := a.architecture()
	if err != nil {
		return nil, err
	}
	known, err := a.releasesInApt(ctx)
	plain := slices.DeleteFunc(known, func(release string) bool {
		version, ok := strings.CutSuffix(release, "-"+arch)
		return !ok || strings.HasSuffix(version, "-rt") || strings.HasSuffix(version, "-cloud")
	})
	return kernel.SortReleases(plain), err
}

// noKernel is for what a module is done to whatever the kernel.
var noKernel = []kernel.Kernel{{}}

// kernels finds the headers of every release asked for.
func (a *app) kernels(ctx context.Context) ([]kernel.Kernel, error) {
	releases, err := a.releases(ctx)
	if err != nil {
		return nil, err
	}
	return a.kernelsOf(ctx, releases)
}

func (a *app) kernelsOf(ctx context.Context, releases []string) ([]kernel.Kernel, error) {
	var kernels []kernel.Kernel
	for _, release := range releases {
		k, err := a.kernel(release)
		if err != nil {
			return nil, a.whyNoKernel(ctx, release, err)
		}
		kernels = append(kernels, k)
	}
	return kernels, nil
}
