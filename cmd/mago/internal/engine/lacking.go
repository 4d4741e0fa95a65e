package engine

import (
	"context"
	"slices"

	"mago/debpkg/word"
	"mago/kbuild/kernel"
)

// What a build lacks that nobody installs for it is told in the plan: before headers are fetched for it, and before it has compiled
// for nothing.

// lacking is what a plan has found out of that.
type lacking struct {
	tools while[string, found] // by kernel release
	deps  while[string, found] // by module
}

// found are packages that are not installed; tool is the program that is looked for, where there is but one.
type found struct {
	packages []word.Target
	tool     *kernel.ToolError
	err      error
}

// lacks looks whether a unit that is to be compiled could be.
func (p *planner) lacks(ctx context.Context, u unit, planned *Unit) {
	if planned.Err != nil || !planned.Due.Build || planned.Due.Reuse != nil || p.DryRun || !p.plan.Request.fetches() {
		return
	}
	now := p.known.changes.Load()
	tools, _ := p.lack.tools.of(now, u.Kernel.Release, func() (found, error) { return p.missingPrograms(ctx, u.Kernel), nil })
	deps, _ := p.lack.deps.of(now, u.name, func() (f found, err error) {
		f.packages, f.err = p.prepare.unmetBuildDeps(ctx, u, false) // what a dkms.conf says, its build finds
		return f, nil
	})
	planned.Err = lackOf(u, tools, deps)
}

// lackOf is the error that names all that is missing.
func lackOf(u unit, tools, deps found) error {
	all := slices.Concat(tools.packages, deps.packages)
	switch {
	case tools.err != nil:
		return tools.err
	case deps.err != nil:
		return deps.err
	case len(all) == 0:
		return nil
	}
	word.Sort(all)
	if all = slices.Compact(all); len(all) == 1 && tools.tool != nil {
		return tools.tool
	}
	return &BuildDepsError{u, all}
}

// missingPrograms are those that compiling for a kernel takes, whatever the module. Of headers that are not here yet the packages'
// dependencies tell the compiler.
func (p *planner) missingPrograms(ctx context.Context, k kernel.Kernel) (f found) {
	missing := kernel.MissingTools(p.Root, p.kern.asKnown(k))
	if !kernel.HasTool("/", "xz") {
		missing = append(missing, kernel.NewToolError("xz", "xz-utils", "packages are compressed with it"))
	}
	if len(missing) > 0 {
		f.tool = missing[len(missing)-1]
	}
	f.packages, f.err = p.prepare.packagesOf(ctx, k, missing)
	return f
}

// anyProgram stands for the compiler where nobody knows it: compiling takes make in any case.
const anyProgram = "make"

// asKnown is a kernel as far as is known what compiles for it.
func (c chosenKernels) asKnown(k kernel.Kernel) kernel.Kernel {
	if k.Headers != "" {
		return k
	}
	own := anyProgram
	if set := c.sets[k.Release]; set.compiler != "" {
		own = set.compiler
	}
	return kernel.Kernel{Release: k.Release, Compiler: word.Must(word.ParseProgram(own))}
}
