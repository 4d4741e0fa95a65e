package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"mago/catalog"
	"mago/kbuild"
)

// noKernelError says that a kernel word stands for no kernel, here or in apt.
type noKernelError struct {
	word    string
	running bool // the word meant the running kernel
	inApt   bool // apt was asked too
	nearest []string
}

func (e *noKernelError) Error() string {
	switch {
	case e.running && e.word == "":
		return "the running kernel is unknown: there is no /proc"
	case e.running:
		return fmt.Sprintf("no headers for the running kernel %s, here or in apt", e.word)
	case e.inApt:
		return fmt.Sprintf("no kernel %s, here or in apt", e.word)
	}
	return fmt.Sprintf("no kernel here is meant by %s", e.word)
}

func (e *noKernelError) hint() string {
	if len(e.nearest) > 0 {
		return "the nearest that have headers: " + strings.Join(e.nearest, ", ") + "\n" +
			`boot one of them, or build for one with -l`
	}
	return `"apt-cache search linux-headers" shows what apt has; "sudo apt-get update" brings its lists up to date`
}

// releases turns -l and -k into kernel releases. -k without -l means the kernels of those directories; neither means
// the running one.
func (a *app) releases(ctx context.Context) ([]string, error) {
	f := a.finder()
	words := lists(a.KversList...)
	var releases []string
	for _, dir := range f.Dirs {
		release, err := f.ReleaseOf(dir)
		if err != nil {
			return nil, fmt.Errorf("-k %s holds no kernel headers: %w", dir, &kbuild.HeadersError{Release: dir})
		}
		releases = append(releases, release)
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
	return kbuild.SortReleases(releases), nil
}

// expandKernel gives the releases that one word of -l stands for.
func (a *app) expandKernel(ctx context.Context, f kbuild.Finder, word string) ([]string, error) {
	here := kbuild.SortReleases(append(f.Installed(), f.WithHeaders()...))
	var found []string
	switch word {
	case "running":
		if release := f.Running(); release != "" {
			return []string{release}, nil
		}
		return nil, &noKernelError{running: true}
	case "installed":
		found = f.Installed()
	case "all":
		found = here
	case "newest":
		return a.newest(ctx, here)
	default:
		if !strings.ContainsAny(word, "*?[") {
			return []string{word}, nil
		}
		for _, release := range here {
			if ok, err := path.Match(word, release); err != nil {
				return nil, &usageError{fmt.Errorf("-l %s: %w", word, err)}
			} else if ok {
				found = append(found, release)
			}
		}
	}
	if len(found) == 0 {
		return nil, &noKernelError{word: word}
	}
	return found, nil
}

// newest is the newest kernel here, else the newest that apt has headers for.
func (a *app) newest(ctx context.Context, here []string) ([]string, error) {
	if len(here) == 0 {
		var err error
		if here, err = a.plainFlavour(ctx); err != nil {
			return nil, err
		}
	}
	if len(here) == 0 {
		return nil, &noKernelError{word: "newest", inApt: true}
	}
	return here[len(here)-1:], nil
}

// plainFlavour lists the kernels in apt of the flavour that is named like the architecture: no -rt, no -cloud.
func (a *app) plainFlavour(ctx context.Context) ([]string, error) {
	arch, err := a.architecture()
	if err != nil {
		return nil, err
	}
	known, err := catalog.HeaderReleases(ctx, a.catalogConfig())
	plain := slices.DeleteFunc(known, func(release string) bool {
		version, ok := strings.CutSuffix(release, "-"+arch)
		return !ok || strings.HasSuffix(version, "-rt") || strings.HasSuffix(version, "-cloud")
	})
	return kbuild.SortReleases(plain), err
}

// noKernel is for what a module is done to whatever the kernel.
var noKernel = []kbuild.Kernel{{}}

// kernels finds the headers of every release asked for.
func (a *app) kernels(ctx context.Context) ([]kbuild.Kernel, error) {
	releases, err := a.releases(ctx)
	if err != nil {
		return nil, err
	}
	var kernels []kbuild.Kernel
	for _, release := range releases {
		k, err := a.kernel(release)
		if err != nil {
			return nil, a.whyNoKernel(ctx, release, err)
		}
		kernels = append(kernels, k)
	}
	return kernels, nil
}

// whyNoKernel turns missing headers into a kernel that exists nowhere, where apt has none for it either.
func (a *app) whyNoKernel(ctx context.Context, release string, err error) error {
	var headers *kbuild.HeadersError
	if !errors.As(err, &headers) || headers.Dir != "" {
		return err
	}
	known, aptErr := catalog.HeaderReleases(ctx, a.catalogConfig())
	if aptErr != nil || slices.Contains(known, release) {
		return errors.Join(err, aptErr)
	}
	return &noKernelError{word: release, running: release == a.finder().Running(), inApt: true, nearest: kbuild.Nearest(release, known, 3)}
}
