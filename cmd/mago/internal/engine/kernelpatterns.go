package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mago/catalog"
	"mago/debpkg/relation"
	"mago/debpkg/word"
	"mago/kbuild/kernel"
)

// Headers of Debian's kernels from 6.12 on depend on the kernel itself. A wide word of -l, a pattern or newest, does not have
// kernels installed that nobody has named, as far as there are others.

// withoutKernels keeps the releases whose headers apt can install without the kernel.
func (at *aptTool) withoutKernels(ctx context.Context, releases []string) ([]string, error) {
	headers := map[string]word.Package{}
	for _, release := range releases {
		name, err := at.headersPackage(ctx, release)
		if err != nil {
			return nil, err
		}
		if !name.IsZero() {
			headers[release] = name
		}
	}
	depends, err := catalog.Dependencies(ctx, at.catalogConfig(), slices.Collect(maps.Values(headers))...)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(releases), func(release string) bool {
		return slices.ContainsFunc(relation.Names(depends[headers[release].String()]), func(name string) bool { return imageRelease(name) != "" })
	}), nil
}

// WideWordError says that a pattern of -l fits only kernels that their headers would have installed.
type WideWordError struct {
	Word   string
	Fits   int    // how many kernels
	Newest string // of them, of the running kernel's flavour if there is one
}

func (e *WideWordError) Error() string {
	return fmt.Sprintf("-l %s matches only %s whose headers depend on the kernel itself", e.Word, Plural(e.Fits, "kernel"))
}

// narrowed leaves out the kernels of apt's that a pattern would have installed, and says so.
func (kf *kernelFinder) narrowed(ctx context.Context, pattern string, found []string) ([]string, error) {
	alone, err := kf.apt.withoutKernels(ctx, found)
	switch {
	case err != nil:
		return nil, err
	case len(alone) == 0:
		of := kernel.OfFlavour(found, kf.running())
		return nil, &WideWordError{pattern, len(found), of[len(of)-1]}
	case len(alone) < len(found):
		left := slices.DeleteFunc(slices.Clone(found), func(release string) bool { return slices.Contains(alone, release) })
		kf.say.note("kernels", "%s left out, whose headers depend on the kernel itself: %s", pattern, strings.Join(left, ", "))
	}
	return alone, nil
}
