package main

import (
	"context"
	"strings"

	"mago/debpkg/word"
	"mago/kbuild/kernel"
	"mago/kbuild/sandbox"
	"mago/sources/lock"
)

type prepareCommand struct {
	eventOption
	Modules []string `arg:"" optional:"" name:"module" help:"Names of modules to meet the needs of, too."`
}

// Run makes the machine able to build for the kernels, and the modules where some are named.
func (c *prepareCommand) Run(a *app, ctx context.Context) error {
	c.apply(a)
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
// that the kernel was built with, make, the closed room, and what the modules' source packages need for compiling. All is
// looked at before anything is changed: what is asked for, apt's lists, and what apt would do. Where nothing is missing it
// runs no program at all.
func (a *app) prepare(ctx context.Context, targets []target) ([]kernel.Kernel, error) {
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
	if err := a.ensureBuildUser(ctx); err != nil {
		return nil, err
	}
	if err := a.tellUnfinished(); err != nil {
		return nil, err
	}
	if a.DryRun {
		return a.foreseen(releases), nil
	}
	return a.showKernels(ctx, releases)
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

// tellUnfinished says what dpkg was ended in the middle of, where that keeps nothing of mago's from being done.
func (a *app) tellUnfinished() error {
	status, err := a.installed()
	if err != nil {
		return err
	}
	if names := status.Unfinished(); len(names) > 0 {
		a.say.note("dpkg", "not done with %s; where it is not at work any more, run \"sudo dpkg --configure -a\"", strings.Join(names, ", "))
	}
	return nil
}

// ensureBuildUser makes the user that compiles, where mago is root and there is none yet.
func (a *app) ensureBuildUser(ctx context.Context) error {
	if !a.host.asRoot || sandbox.HasUser(a.Root) {
		return nil
	}
	if a.DryRun {
		a.say.note("user", "would add the system user %s, which compiles", sandbox.BuildUser)
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
	a.say.note("user", "added the system user %s, which compiles", sandbox.BuildUser)
	return nil
}

// foreseen are the kernels as a dry run may go on with them: found, or only named.
func (a *app) foreseen(releases []string) []kernel.Kernel {
	var kernels []kernel.Kernel
	for _, release := range releases {
		k, err := a.kernel(release)
		if err != nil {
			k = kernel.Kernel{Release: release, Version: release}
		}
		kernels = append(kernels, k)
	}
	return kernels
}

func (a *app) showKernels(ctx context.Context, releases []string) ([]kernel.Kernel, error) {
	kernels, err := a.kernelsOf(ctx, releases)
	if err != nil {
		return nil, err
	}
	for _, k := range kernels {
		what := k.Headers
		if k.Package != "" {
			what = k.Package + " " + k.Version
		}
		a.say.note("headers", "%s, %s", what, k.Compiler)
	}
	return kernels, nil
}
