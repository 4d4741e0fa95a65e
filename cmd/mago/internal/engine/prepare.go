package engine

import (
	"context"
	"strings"

	"mago/debpkg/word"
	"mago/kbuild/kernel"
	"mago/kbuild/sandbox"
	"mago/sources/lock"
)

// prepare installs what is missing to build for the kernels asked for: headers, with which apt installs the compiler
// that the kernel was built with, make, the closed room, and what the modules' source packages need for compiling. All is
// looked at before anything is changed: what is asked for, apt's lists, and what apt would do. Where nothing is missing it
// runs no program at all.
func (pr *preparer) prepare(ctx context.Context, targets []target) ([]kernel.Kernel, error) {
	releases, err := pr.kernels.releases(ctx)
	if err != nil {
		return nil, err
	}
	if err := pr.modules.openForNeeds(ctx, targets); err != nil {
		return nil, err
	}
	if err := pr.installMissing(ctx, releases, targets); err != nil {
		return nil, err
	}
	if err := pr.ensureBuildUser(ctx); err != nil {
		return nil, err
	}
	if err := pr.tellUnfinished(); err != nil {
		return nil, err
	}
	if pr.DryRun {
		return pr.kernels.foreseen(releases), nil
	}
	return pr.kernels.showKernels(ctx, releases)
}

// installMissing asks apt twice at most: which compressor a kernel wants is known once its headers are there.
func (pr *preparer) installMissing(ctx context.Context, releases []string, targets []target) error {
	for range 2 {
		missing, err := pr.missing(ctx, releases, targets)
		if err != nil || len(missing) == 0 {
			return err
		}
		if err := pr.host.mayChange("installing " + word.Join(missing, ", ")); err != nil {
			return err
		}
		done := func() bool {
			missing, err := pr.missing(ctx, releases, targets)
			return err == nil && len(missing) == 0
		}
		if err := pr.apt.aptInstall(ctx, missing, done); err != nil {
			return err
		}
		if pr.DryRun {
			return nil
		}
	}
	return nil
}

// tellUnfinished says what dpkg was ended in the middle of, where that keeps nothing of mago's from being done.
func (pr *preparer) tellUnfinished() error {
	status, err := pr.pkgs.installed()
	if err != nil {
		return err
	}
	if names := status.Unfinished(); len(names) > 0 {
		pr.say.note("dpkg", "not done with %s; if it is not running any more, run \"sudo dpkg --configure -a\"", strings.Join(names, ", "))
	}
	return nil
}

// ensureBuildUser makes the user that compiles, where mago is root and there is none yet.
func (pr *preparer) ensureBuildUser(ctx context.Context) error {
	if !pr.host.AsRoot || sandbox.HasUser(pr.Root) {
		return nil
	}
	if pr.DryRun {
		pr.say.note("user", "would add the system user %s, who compiles", sandbox.BuildUser)
		return sandbox.CreateUser(pr.host.change)
	}
	release, err := pr.locks(pr.Wait.Limit).Take(ctx, lock.Thing{Name: "_user", What: "the user " + sandbox.BuildUser, Doing: "made"})
	if err != nil {
		return err
	}
	defer release()
	if sandbox.HasUser(pr.Root) {
		return nil // another mago has just made it
	}
	if err := sandbox.CreateUser(pr.host.change); err != nil {
		return err
	}
	pr.say.note("user", "added the system user %s, who compiles", sandbox.BuildUser)
	return nil
}

// foreseen are the kernels as a dry run may go on with them: found, or only named.
func (kf *kernelFinder) foreseen(releases []string) []kernel.Kernel {
	var kernels []kernel.Kernel
	for _, release := range releases {
		k, err := kf.kernel(release)
		if err != nil {
			k = kernel.Kernel{Release: release, Version: release}
		}
		kernels = append(kernels, k)
	}
	return kernels
}

func (kf *kernelFinder) showKernels(ctx context.Context, releases []string) ([]kernel.Kernel, error) {
	kernels, err := kf.kernelsOf(ctx, releases)
	if err != nil {
		return nil, err
	}
	for _, k := range kernels {
		what := k.Headers
		if k.Package != "" {
			what = k.Package + " " + k.Version
		}
		kf.say.note("headers", "%s, %s", what, k.Compiler)
	}
	return kernels, nil
}
