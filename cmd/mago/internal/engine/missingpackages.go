package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"mago/cmd/mago/internal/modpkg"
	"mago/debpkg/word"
	"mago/kbuild/kernel"
	"mago/kbuild/recipe"
)

// missing lists the packages to install, or says why a kernel cannot be had.
func (pr *preparer) missing(ctx context.Context, releases []string, units []unit) ([]word.Target, error) {
	var packages []word.Target
	for _, release := range releases {
		some, err := pr.missingFor(ctx, release)
		if err != nil {
			return nil, err
		}
		packages = append(packages, some...)
	}
	if pr.lacksOwn() {
		packages = append(packages, missingOwn()...)
	}
	unauthenticated, err := pr.pkgs.unauthenticated()
	if err != nil {
		return nil, err
	}
	packages = append(packages, unauthenticated...)
	for _, u := range units {
		deps, err := pr.unmetBuildDeps(ctx, u, pr.canEvaluate())
		if err != nil {
			return nil, err
		}
		packages = append(packages, deps...)
	}
	word.Sort(packages)
	return slices.Compact(packages), nil
}

// missingFor lists the headers and the tools that building for a kernel lacks.
func (pr *preparer) missingFor(ctx context.Context, release string) ([]word.Target, error) {
	k, kerr := pr.kernels.installedKernel(release)
	packages, err := pr.missingHeaders(ctx, release, kerr)
	if err != nil {
		return nil, err
	}
	if err := k.Native(); err != nil {
		return nil, err
	}
	if kerr != nil {
		k = kernel.Kernel{Compiler: word.Must(word.ParseProgram(anyProgram))} // apt installs the compiler with the headers
	}
	tools, err := pr.packagesOf(ctx, k, kernel.MissingTools(pr.Root, k))
	if err != nil {
		return nil, err
	}
	better, err := pr.betterCompiler(ctx, k)
	return slices.Concat(packages, tools, better), err
}

// packagesOf lists the packages of tools that are missing for a kernel, and has each name its own, or gives the error of one that
// no package has.
func (pr *preparer) packagesOf(ctx context.Context, k kernel.Kernel, missing []*kernel.ToolError) ([]word.Target, error) {
	var packages []word.Target
	for _, tool := range missing {
		var err error
		if tool.Tool == k.Compiler && tool.Tool.String() != anyProgram {
			tool.Package, err = pr.missingCompiler(ctx, k, tool)
		}
		if err == nil && tool.Package.IsZero() {
			err = tool
		}
		if err != nil {
			return nil, err
		}
		packages = append(packages, word.Target{Name: tool.Package})
	}
	return packages, nil
}

// missingHeaders lists the packages that mend err, which finding a kernel's headers has given; none where it is nil.
func (pr *preparer) missingHeaders(ctx context.Context, release string, err error) ([]word.Target, error) {
	var headers *kernel.HeadersError
	switch {
	case !errors.As(err, &headers):
		return nil, err
	case headers.Dir != "":
		broken, berr := pr.brokenHeaders()
		if berr != nil || len(broken) > 0 {
			return broken, berr
		}
		return pr.mendHeaders(ctx, headers)
	}
	if err := pr.kernels.whyNoKernel(ctx, release, err); !errors.As(err, &headers) {
		return nil, err
	}
	name, err := pr.apt.headersPackage(ctx, release)
	if err != nil || name.IsZero() {
		return nil, errors.Join(headers, err)
	}
	return []word.Target{{Name: name}}, nil
}

// brokenHeaders lists the packages of kernels' headers that dpkg was ended in the middle of.
func (pr *preparer) brokenHeaders() ([]word.Target, error) {
	status, err := pr.pkgs.installed()
	if err != nil {
		return nil, err
	}
	var headers []word.Target
	for _, broken := range status.Broken() {
		if name, err := word.ParsePackage(broken); err == nil && strings.Contains("-"+broken, "-headers-") {
			headers = append(headers, word.Target{Name: name})
		}
	}
	return headers, nil
}

// unmetBuildDeps lists what compiling a unit takes and the system lacks: of what its packages declare the first alternative
// of each relation, and the programs that its recipe has the build run.
func (pr *preparer) unmetBuildDeps(ctx context.Context, u unit, evaluate bool) ([]word.Target, error) {
	needs, err := pr.buildDepsOf(u.target)
	if err != nil {
		return nil, err
	}
	status, err := pr.pkgs.installed()
	if err != nil {
		return nil, err
	}
	relations, err := status.Unmet(needs)
	if err != nil {
		return nil, fmt.Errorf("find what compiling %s needs: %w", u.name, err)
	}
	var packages []word.Target
	for _, relation := range relations {
		name, err := word.ParsePackage(modpkg.PackageOf(relation))
		if err != nil {
			return nil, fmt.Errorf("find what compiling %s needs: %w", u.name, err)
		}
		packages = append(packages, word.Target{Name: name})
	}
	for _, tool := range pr.recipeNeeds(ctx, u, evaluate) {
		if t := (word.Target{Name: tool.Package}); !kernel.HasTool(pr.Root, tool.Tool.String()) && !slices.Contains(packages, t) {
			packages = append(packages, t)
		}
	}
	return packages, nil
}

// recipeNeeds lists the programs that a unit's recipe runs, as far as it is there and a dkms.conf may be evaluated. What is wrong
// with it the build tells.
func (pr *preparer) recipeNeeds(ctx context.Context, u unit, evaluate bool) []*kernel.ToolError {
	if u.tree == nil {
		return nil
	}
	job := pr.modules.confs.job(u.target, u.Kernel)
	if evaluate && u.Kernel.Headers != "" {
		job.Conf = pr.modules.confs.evaluate(ctx, u.target, u.Kernel).conf
	}
	needs, _ := recipe.Needs(job)
	return needs
}

// missingOwn lists the packages of the programs that mago itself runs beside the build: the sandbox, and the
// compressor of its packages.
func missingOwn() []word.Target {
	var packages []word.Target
	for _, own := range []struct{ tool, pkg string }{{"bwrap", "bubblewrap"}, {"xz", "xz-utils"}} {
		if !kernel.HasTool("/", own.tool) {
			packages = append(packages, word.Target{Name: word.Must(word.ParsePackage(own.pkg))})
		}
	}
	return packages
}
