package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"mago/catalog"
	"mago/cmd/mago/internal/modpkg"
	"mago/debpkg/relation"
	"mago/debpkg/word"
	"mago/kbuild/kernel"
)

// NoKernelError says that a kernel word stands for no kernel, installed or in apt.
type NoKernelError struct {
	Word    string
	Running bool     // the word meant the running kernel
	here    bool     // only the kernels on this machine count
	inApt   bool     // apt was asked too
	Nearest []string // kernels that apt has headers for
	Meant   []string // words of -l that may have been meant
	Instead Bootable // of the running kernel's flavour
}

// Bootable is the kernel that a meta package brings.
type Bootable struct {
	Meta, Release string // "" where there is none
	Installed     bool
}

func (e *NoKernelError) Error() string {
	switch {
	case e.Running && e.Word == "":
		return "the running kernel is unknown: there is no /proc"
	case e.Running && e.here:
		return fmt.Sprintf("no modules of the running kernel %s in /lib/modules", e.Word)
	case e.Running:
		return fmt.Sprintf("no headers for the running kernel %s, installed or in apt", e.Word)
	case e.inApt:
		return fmt.Sprintf("no kernel %s, installed or in apt", e.Word)
	}
	return fmt.Sprintf("no installed kernel matches %s", e.Word)
}

func (e *NoKernelError) Hint(on System) string {
	near := "the nearest that have headers: " + strings.Join(e.Nearest, ", ")
	switch {
	case e.here:
		return fmt.Sprintf(`"%s" without -l shows all kernels of this machine`, on.Mago("status"))
	case e.Instead.Installed:
		return Hints(fmt.Sprintf("reboot into Linux %s, which is installed, and run this again", e.Instead.Release), "or build for another kernel, with -l "+e.Instead.Release)
	case e.Instead.Meta != "":
		return Hints(fmt.Sprintf(`run "%s" (%s), reboot, and run this again`, on.Apt("install", e.Instead.Meta), e.Instead.Release),
			"or build for another kernel, with -l "+e.Instead.Release)
	case len(e.Meant) > 0:
		return "did you mean -l " + strings.Join(e.Meant, ", or -l ")
	case e.Running && len(e.Nearest) > 0:
		return Hints(fmt.Sprintf("choose another kernel with -l, such as -l newest (%s)", e.Nearest[0]), "or name a directory of the running kernel's own headers with -k")
	case len(e.Nearest) > 0:
		return Hints(near, "choose one of them with -l")
	}
	have := fmt.Sprintf(`"%s" shows what apt has`, on.read("apt-cache", "search", "linux-headers"))
	if on.Updated {
		return have
	}
	return fmt.Sprintf(`%s; "%s" brings its lists up to date`, have, on.Apt("update"))
}

// NoneHereError says that no kernel is installed, as in a container, where -l asks for those that are.
type NoneHereError struct {
	WithHeaders []string // kernels whose headers are here, oldest first; where there are none, -l all stands for nothing either
}

func (e *NoneHereError) Error() string {
	if len(e.WithHeaders) == 0 {
		return "neither a kernel nor the headers of one are on this machine"
	}
	return "no kernel is installed on this machine"
}

func (e *NoneHereError) Hint(System) string {
	if len(e.WithHeaders) == 0 {
		return "-l newest takes the newest that apt has headers for"
	}
	return "-l all takes those whose headers are here: " + strings.Join(e.WithHeaders, ", ")
}

// whyNoKernel turns missing headers into a kernel that exists nowhere, where apt has none for it either.
func (kf *kernelFinder) whyNoKernel(ctx context.Context, release string, err error) error {
	var headers *kernel.HeadersError
	switch {
	case !errors.As(err, &headers):
		return err
	case headers.Dir != "":
		return kf.whyIncomplete(ctx, headers)
	}
	in, aptErr := kf.apt.headersPackage(ctx, release)
	if aptErr != nil || !in.IsZero() {
		return errors.Join(err, aptErr)
	}
	known, aptErr := kf.apt.releasesInApt(ctx)
	if aptErr != nil {
		return errors.Join(err, aptErr)
	}
	e := &NoKernelError{Word: release, inApt: true}
	if e.Running = release == kf.running(); e.Running {
		e.Instead = kf.bootInstead(ctx, release)
		others := slices.DeleteFunc(kf.kernelsHere(), func(here string) bool { return here == release })
		if newest, err := kf.newest(ctx, others); err == nil { // a hint does without
			e.Nearest = newest
		}
		return e
	}
	e.Meant, e.Nearest = kf.meant(ctx, release, known), kernel.Nearest(release, known, 3)
	return e
}

// meant are the words of -l that one which names no kernel may have stood for: one of mago's own, or of kernels whose
// releases begin so the newest, and the pattern for all of them.
func (kf *kernelFinder) meant(ctx context.Context, typed string, known []string) []string {
	if meant := word.Nearest(typed, KernelWords); meant != "" {
		return []string{meant}
	}
	begun := slices.DeleteFunc(kernel.SortReleases(slices.Clone(known)), func(release string) bool {
		rest, ok := strings.CutPrefix(release, typed)
		return !ok || !strings.ContainsAny(rest[:min(len(rest), 1)], ".-+~")
	})
	if len(begun) == 0 {
		return nil
	}
	of := kernel.OfFlavour(begun, kf.running())
	newest := of[len(of)-1]
	if free, err := kf.apt.withoutKernels(ctx, begun); err != nil || len(free) == 0 {
		return []string{newest} // the pattern would be refused
	}
	return []string{newest, modpkg.Quoted(typed + newest[len(typed):len(typed)+1] + "*")}
}

// bootInstead is the kernel that Debian has by now for who runs one of the same flavour. What apt cannot tell a hint does
// without.
func (kf *kernelFinder) bootInstead(ctx context.Context, running string) Bootable {
	next := kf.broughtBy(ctx, "linux-image-"+kernel.Flavour(running))
	if next.Release == running {
		return Bootable{}
	}
	return next
}

// broughtBy is the kernel that a meta package depends on.
func (kf *kernelFinder) broughtBy(ctx context.Context, name string) Bootable {
	meta, err := word.ParsePackage(name)
	if err != nil {
		return Bootable{}
	}
	depends, err := catalog.Dependencies(ctx, kf.apt.catalogConfig(), meta)
	if err != nil {
		return Bootable{}
	}
	for _, name := range relation.Names(depends[meta.String()]) {
		if release := imageRelease(name); release != "" {
			return Bootable{meta.String(), release, kf.isInstalledKernel(release)}
		}
	}
	return Bootable{}
}
