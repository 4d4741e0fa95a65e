package engine

import (
	"context"
	"strings"

	"mago/debpkg/word"
	"mago/kbuild/kernel"
	"mago/kbuild/sandbox"
	"mago/sources/lock"
)

// installPackages has apt install what a plan lacks: headers, with which apt brings the compiler that the kernel was built
// with, make, the sandbox, and what the units' source packages need for compiling.
func (pr *preparer) installPackages(ctx context.Context, p *Plan) error {
	if len(p.Packages) == 0 {
		return nil
	}
	if err := pr.host.mayChange("installing " + word.Join(p.Packages, ", ")); err != nil {
		return err
	}
	done := func() bool {
		releases, units := p.compiled(p.toBuild())
		missing, err := pr.missing(ctx, releases, units)
		return err == nil && len(missing) == 0
	}
	defer pr.known.sandbox.forget() // there may be a closer one now
	return pr.apt.aptInstall(ctx, p.Packages, done)
}

// finish says which kernels can be built for, and what dpkg has not done.
func (pr *preparer) finish(ctx context.Context, releases []string) error {
	if err := pr.tellUnfinished(); err != nil || pr.DryRun {
		return err
	}
	if err := pr.kernels.showKernels(ctx, releases); err != nil {
		return err
	}
	for _, release := range releases {
		if k, err := pr.kernels.kernel(release); err == nil {
			pr.tellCompiler(ctx, k, nil)
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
		pr.say.note("dpkg", `not done with %s; if it is not running any more, run "%s"`, strings.Join(names, ", "), pr.system().Program("dpkg", "--configure", "-a"))
	}
	return nil
}

// lacksUser reports whether the user that compiles has to be made.
func (pr *preparer) lacksUser() bool { return pr.host.AsRoot && !sandbox.HasUser(pr.Root) }

// lacksOwn reports whether programs that mago itself runs have to be installed.
func (pr *preparer) lacksOwn() bool { return pr.host.AsRoot && pr.Root == "/" && len(missingOwn()) > 0 }

// canEvaluate reports whether a dkms.conf can be evaluated before apt has installed what that takes.
func (pr *preparer) canEvaluate() bool { return pr.DryRun || !pr.lacksUser() && !pr.lacksOwn() }

// ensureBuildUser makes the user that compiles, where mago is root and there is none yet.
func (pr *preparer) ensureBuildUser(ctx context.Context) error {
	if !pr.lacksUser() {
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
	pr.known.system.Lock()
	defer pr.known.system.Unlock()
	if sandbox.HasUser(pr.Root) {
		return nil // another mago has just made it
	}
	if err := sandbox.CreateUser(pr.host.change); err != nil {
		return err
	}
	pr.say.note("user", "added the system user %s, who compiles", sandbox.BuildUser)
	return nil
}

// foreseen are the kernels as a dry run may go on with them: those that find finds, others only named.
func foreseen(releases []string, find func(release string) (kernel.Kernel, error)) []kernel.Kernel {
	var kernels []kernel.Kernel
	for _, release := range releases {
		k, err := find(release)
		if err != nil {
			k = kernel.Kernel{Release: release, Version: release}
		}
		kernels = append(kernels, k)
	}
	return kernels
}

func (kf *kernelFinder) showKernels(ctx context.Context, releases []string) error {
	kernels, err := kf.kernelsOf(ctx, releases)
	if err != nil {
		return err
	}
	for _, k := range kernels {
		what := k.Headers
		if k.Package != "" {
			what = k.Package + " " + k.Version
		}
		kf.say.note("headers", "%s, %s", what, k.Compiler)
	}
	return nil
}
