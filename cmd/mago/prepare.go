package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"mago/debpkg"
	"mago/debpkg/word"
	"mago/kbuild"
	"mago/kbuild/sandbox"
	"mago/sources/lock"
)

type prepareCommand struct {
	Modules []string `arg:"" optional:"" name:"module" help:"Names of modules to meet the needs of, too."`
}

// Run makes the machine able to build for the kernels, and the modules where some are named.
func (c *prepareCommand) Run(a *app, ctx context.Context) error {
	var targets []target
	if len(c.Modules) > 0 {
		var err error
		if targets, err = a.freshTargets(ctx, c.Modules); err != nil {
			return err
		}
		if targets, err = a.withNeeded(targets); err != nil {
			return err
		}
	}
	_, err := a.prepare(ctx, targets)
	return err
}

// prepare installs what is missing to build for the kernels asked for: headers, with which apt brings the compiler
// that the kernel was built with, make, the closed room, and what the modules' source packages need for compiling.
// Where nothing is missing it runs no program at all.
func (a *app) prepare(ctx context.Context, targets []target) ([]kbuild.Kernel, error) {
	if err := a.ensureBuildUser(ctx); err != nil {
		return nil, err
	}
	releases, err := a.releases(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.openForNeeds(ctx, targets); err != nil {
		return nil, err
	}
	if err := a.installMissing(ctx, releases, targets); err != nil {
		return nil, err
	}
	if err := a.tellUnfinished(); err != nil {
		return nil, err
	}
	if a.DryRun {
		return a.foreseen(releases), nil
	}
	return a.showKernels(ctx)
}

// installMissing asks apt twice at most: which compressor a kernel wants is known once its headers are there.
func (a *app) installMissing(ctx context.Context, releases []string, targets []target) error {
	for range 2 {
		missing, err := a.missing(ctx, releases, targets)
		if err != nil || len(missing) == 0 {
			return err
		}
		if err := a.host.mayChange("installing " + word.Join(missing, ", ")); err != nil {
			return err
		}
		done := func() bool {
			missing, err := a.missing(ctx, releases, targets)
			return err == nil && len(missing) == 0
		}
		if err := a.aptInstall(ctx, missing, done); err != nil {
			return err
		}
		if a.DryRun {
			return nil
		}
	}
	return nil
}

// missing lists the packages to install, or says why a kernel cannot be had.
func (a *app) missing(ctx context.Context, releases []string, targets []target) ([]word.Target, error) {
	var packages []word.Target
	for _, release := range releases {
		k, err := a.kernel(release)
		var headers *kbuild.HeadersError
		switch {
		case errors.As(err, &headers) && headers.Dir == "":
			if err := a.whyNoKernel(ctx, release, err); !errors.As(err, &headers) {
				return nil, err
			}
			name, err := word.ParsePackage("linux-headers-" + release)
			if err != nil {
				return nil, headers // no archive has headers under such a name
			}
			packages = append(packages, word.Target{Name: name})
		case errors.As(err, &headers):
			broken, berr := a.brokenHeaders()
			if berr != nil || len(broken) == 0 {
				return nil, errors.Join(berr, err)
			}
			packages = append(packages, broken...)
		case err != nil:
			return nil, err
		}
		if err := k.Native(); err != nil {
			return nil, err
		}
		if err != nil {
			k = kbuild.Kernel{Compiler: word.Must(word.ParseProgram("make"))} // apt brings the compiler with the headers
		}
		for _, tool := range kbuild.MissingTools(a.Root, k) {
			if tool.Package.IsZero() {
				return nil, tool
			}
			packages = append(packages, word.Target{Name: tool.Package})
		}
	}
	if a.host.asRoot && a.Root == "/" {
		packages = append(packages, missingOwn()...)
	}
	doubted, err := a.doubted()
	if err != nil {
		return nil, err
	}
	packages = append(packages, doubted...)
	for _, t := range flat(targets) {
		needs, err := a.unmetNeeds(t)
		if err != nil {
			return nil, err
		}
		packages = append(packages, needs...)
	}
	slices.SortFunc(packages, func(a, b word.Target) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(packages), nil
}

// tellUnfinished says what dpkg was ended in the middle of, where that keeps nothing of mago's from being done.
func (a *app) tellUnfinished() error {
	status, err := a.installed()
	if err != nil {
		return err
	}
	if names := status.Unfinished(); len(names) > 0 {
		a.screen.line(fmt.Sprintf("%-8s not done with %s; where it is not at work any more, run \"sudo dpkg --configure -a\"", "dpkg", strings.Join(names, ", ")))
	}
	return nil
}

// brokenHeaders lists the packages of kernels' headers that dpkg was ended in the middle of.
func (a *app) brokenHeaders() ([]word.Target, error) {
	status, err := a.installed()
	if err != nil {
		return nil, err
	}
	var headers []word.Target
	for _, broken := range status.Broken() {
		if name, err := word.ParsePackage(broken); err == nil && strings.HasPrefix(broken, "linux-headers-") {
			headers = append(headers, word.Target{Name: name})
		}
	}
	return headers, nil
}

// unmetNeeds lists what a module's source needs for compiling and the system lacks, by the first alternative of each
// relation.
func (a *app) unmetNeeds(t target) ([]word.Target, error) {
	needs, err := a.needsOf(t)
	if err != nil {
		return nil, err
	}
	status, err := a.installed()
	if err != nil {
		return nil, err
	}
	relations, err := status.Unmet(needs)
	if err != nil {
		return nil, fmt.Errorf("find what compiling %s needs: %w", t.name, err)
	}
	var packages []word.Target
	for _, relation := range relations {
		name, err := word.ParsePackage(relationName(relation))
		if err != nil {
			return nil, fmt.Errorf("find what compiling %s needs: %w", t.name, err)
		}
		packages = append(packages, word.Target{Name: name})
	}
	return packages, nil
}

// missingOwn lists the packages of the programs that mago itself runs beside the build: the closed room, and the
// compressor of its packages.
func missingOwn() []word.Target {
	var packages []word.Target
	for _, own := range []struct{ tool, pkg string }{{"bwrap", "bubblewrap"}, {"xz", "xz-utils"}} {
		if !kbuild.HasTool("/", own.tool) {
			packages = append(packages, word.Target{Name: word.Must(word.ParsePackage(own.pkg))})
		}
	}
	return packages
}

func (a *app) aptInstall(ctx context.Context, packages []word.Target, done func() bool) error {
	p := a.screen.phase("prepare", "installing "+word.Join(packages, ", "))
	defer p.end()
	if !p.screen.live || a.DryRun {
		p.screen.line(fmt.Sprintf("%-8s to install: %s", "prepare", word.Join(packages, ", ")))
	}
	status, err := a.installed()
	if err != nil {
		return err
	}
	doubted, err := a.doubted()
	if err != nil {
		return err
	}
	again := slices.ContainsFunc(packages, func(t word.Target) bool { // what is broken, or was taken unchecked, apt takes for installed
		return slices.Contains(status.Broken(), t.Name.String()) || slices.Contains(doubted, t)
	})
	err = a.installer().FromApt(ctx, debpkg.AptInstall{Again: again}, packages, done)
	if a.DryRun {
		return err
	}
	a.forgetInstalled()
	if err != nil {
		return errors.Join(err, a.noteUnchecked(nil))
	}
	if err := a.noteUnchecked(packages); err != nil {
		return err
	}
	if still, err := a.doubted(); err != nil {
		return err
	} else if len(still) > 0 {
		return &stillDoubtedError{still}
	}
	p.timed("installed " + word.Join(packages, ", "))
	return nil
}

// ensureBuildUser makes the user that compiles, where mago is root and there is none yet.
func (a *app) ensureBuildUser(ctx context.Context) error {
	if !a.host.asRoot || sandbox.HasUser(a.Root) {
		return nil
	}
	if a.DryRun {
		a.screen.line(fmt.Sprintf("%-8s would add the system user %s, which compiles", "user", sandbox.BuildUser))
		return sandbox.CreateUser(a.host.change)
	}
	release, err := a.locks(a.Wait.limit).Take(ctx, lock.Thing{Name: "_user", What: "the user " + sandbox.BuildUser, Doing: "made"})
	if err != nil {
		return err
	}
	defer release()
	if sandbox.HasUser(a.Root) {
		return nil // another mago has just made it
	}
	if err := sandbox.CreateUser(a.host.change); err != nil {
		return err
	}
	a.screen.line(fmt.Sprintf("%-8s system user %s, which compiles", "user", sandbox.BuildUser))
	return nil
}

// foreseen are the kernels as a dry run may go on with them: found, or only named.
func (a *app) foreseen(releases []string) []kbuild.Kernel {
	var kernels []kbuild.Kernel
	for _, release := range releases {
		k, err := a.kernel(release)
		if err != nil {
			k = kbuild.Kernel{Release: release, Version: release}
		}
		kernels = append(kernels, k)
	}
	return kernels
}

func (a *app) showKernels(ctx context.Context) ([]kbuild.Kernel, error) {
	kernels, err := a.kernels(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range kernels {
		what := k.Headers
		if k.Package != "" {
			what = k.Package + " " + k.Version
		}
		a.screen.line(fmt.Sprintf("%-8s %s, %s", "headers", what, k.Compiler))
	}
	return kernels, nil
}
