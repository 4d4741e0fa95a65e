package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"mago/catalog"
	"mago/debpkg/word"
	"mago/kbuild/kernel"
)

// compilers are the packages of compilers that apt has; none where apt has no lists.
type compilers []word.Package

func (at *aptTool) compilers(ctx context.Context) (compilers, error) {
	return at.known.compilers.get(at.known.changes.Load(), func() (compilers, error) { return catalog.Compilers(ctx, at.catalogConfig()) })
}

// has reports whether apt may have a compiler: without lists it may have any.
func (c compilers) has(name string) bool {
	return len(c) == 0 || slices.ContainsFunc(c, func(p word.Package) bool { return p.String() == name })
}

// like are those of a compiler's family that have a version in their names.
func (c compilers) like(name string) string {
	family, _, _ := strings.Cut(name, "-")
	var names []string
	for _, p := range c {
		if strings.HasPrefix(p.String(), family+"-") {
			names = append(names, p.String())
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// missingCompiler is the package to install for a kernel's compiler that is not here. Where apt does not have that, it is the
// system's own compiler if the headers do not insist, else an error that says which compilers apt has. No package may have a
// compiler of that name.
func (pr *preparer) missingCompiler(ctx context.Context, k kernel.Kernel, tool *kernel.ToolError) (word.Package, error) {
	offered, err := pr.apt.compilers(ctx)
	if err != nil || !tool.Package.IsZero() && offered.has(tool.Package.String()) {
		return tool.Package, err
	}
	if own, ok := k.Otherwise(); ok {
		return word.ParsePackage(own)
	}
	if tool.Package.IsZero() {
		return word.Package{}, tool
	}
	return word.Package{}, kernel.NewToolError(tool.Tool.String(), "", fmt.Sprintf("%s, and apt has %s only", tool.Why, offered.like(tool.Package.String())))
}

// checkCompiler fails before a build whose compiler is neither here nor in apt. A compiler that apt has is named when the build
// looks for it.
func (pr *preparer) checkCompiler(ctx context.Context, k kernel.Kernel) error {
	for _, tool := range kernel.MissingTools(pr.Root, k) {
		if tool.Tool != k.Compiler {
			continue
		}
		pkg, err := pr.missingCompiler(ctx, k, tool)
		if err == nil && pkg != tool.Package {
			tool.Package, err = pkg, tool
		}
		return err
	}
	return nil
}

// betterCompiler is the package of the compiler that a kernel was built with, where another one would compile and apt has it.
func (pr *preparer) betterCompiler(ctx context.Context, k kernel.Kernel) ([]word.Target, error) {
	if k.Wanted == "" {
		return nil, nil
	}
	offered, err := pr.apt.compilers(ctx)
	name, unfit := word.ParsePackage(k.Wanted)
	if err != nil || unfit != nil || len(offered) == 0 || !offered.has(k.Wanted) {
		return nil, err
	}
	return []word.Target{{Name: name}}, nil
}

// tellCompiler says once that a kernel was built with another compiler than the one that is going to compile for it.
func (pr *preparer) tellCompiler(ctx context.Context, k kernel.Kernel, coming []word.Target) {
	isComing := slices.ContainsFunc(coming, func(t word.Target) bool { return t.Name.String() == k.Wanted })
	if k.Wanted == "" || isComing {
		return
	}
	if _, told := pr.known.told.LoadOrStore(k.Release, true); told {
		return
	}
	pr.say.note("compiler", "%s was built with %s, which is not here: %s compiles", k.Release, k.Wanted, k.Compiler)
	offered, err := pr.apt.compilers(ctx)
	switch {
	case err != nil || len(offered) == 0: // who has no lists is told that elsewhere
	case offered.has(k.Wanted):
		pr.say.note("compiler", `"%s" installs %s`, pr.kernels.system().SudoMago("prepare", "-l", k.Release), k.Wanted)
	default:
		pr.say.note("compiler", "apt has %s", offered.like(k.Wanted))
	}
}
