package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"mago/catalog"
	"mago/cmd/mago/internal/modpkg"
	"mago/debpkg/word"
	"mago/kbuild/kernel"
	"mago/kbuild/recipe"
)

// buildDepsOf lists, as a Depends field, what a module's packages declare that compiling it needs. What a debian/rules' source
// declares is known once it is there.
func (pr *preparer) buildDepsOf(t target) (string, error) {
	depends, needs := "", ""
	pkg := t.pkg
	if t.isLocalDeb() {
		pkg = t.tree.Package
	}
	if pkg != nil {
		depends, needs = pkg.Depends, modpkg.BuildNeeds(t.name, pkg.Depends)
	}
	if t.tree == nil {
		return needs, nil
	}
	file, err := recipe.File(t.source())
	if err != nil || file != "debian/rules" {
		return needs, err
	}
	return pr.rulesBuildDeps(t, depends)
}

// rulesBuildDeps adds what the source declares.
func (pr *preparer) rulesBuildDeps(t target, depends string) (string, error) {
	arch, err := pr.pkgs.architecture()
	if err != nil {
		return "", err
	}
	declared, err := t.tree.BuildDepends(arch)
	if err != nil {
		return "", err
	}
	wanted := func(name string) bool { return !notForRules.MatchString(name) || strings.HasPrefix(name, "dh-") }
	return modpkg.Keep(modpkg.Join(depends, declared), wanted), nil
}

// notForRules matches what a debian/rules needs where mago does not do that itself: another builder, the kernel's headers.
var notForRules = regexp.MustCompile(`^(?:dkms|.*-dkms|module-assistant|kernel-package|kbuild|linux-(?:headers|image|kbuild)-.*)$`)

// openForBuildDeps opens the sources: what compiling them takes is in their recipes. Of several
// one that cannot be opened is no error yet: building it will report it.
func (mo *modules) openForBuildDeps(ctx context.Context, targets []target) error {
	for i := range targets {
		if err := mo.openOne(ctx, &targets[i]); err != nil && len(targets) == 1 {
			return err
		}
	}
	return nil
}

func (mo *modules) openOne(ctx context.Context, t *target) error {
	if err := mo.openForBuildDeps(ctx, t.needed); err != nil {
		return err
	}
	if t.tree != nil || t.pkg == nil {
		return nil
	}
	if _, ok := mo.fetcher().Cached(*t.pkg); mo.DryRun && !ok {
		return nil // its turn tells that it would be fetched
	}
	return mo.openSource(ctx, t)
}

// Word is what names this very target on a command line: a module's name means its -dkms package, and no local source.
func (t target) Word() string {
	switch {
	case t.pkg != nil && t.pkg.Kind == catalog.ModuleAssistant:
		return t.pkg.Name.String()
	case t.pkg == nil && t.tree != nil:
		return cmp.Or(t.tree.Archive, t.tree.Dir)
	}
	return t.name
}

// BuildDepsError says that a module's source package wants further packages for compiling.
type BuildDepsError struct {
	Unit     unit
	Packages []word.Target
}

func (e *BuildDepsError) Error() string {
	return fmt.Sprintf("building %s needs %s", e.Unit.name, word.Join(e.Packages, ", "))
}

// Hint is what root types. prepare would install the headers, too, of a kernel whose headers are not to be installed.
func (e *BuildDepsError) Hint(on System) string {
	install := on.Apt("install", append([]string{"--no-install-recommends"}, word.Strings(e.Packages...)...)...)
	if k := e.Unit.Kernel; k.Headers == "" || len(k.Opened().Dirs) > 0 {
		return fmt.Sprintf(`run "%s"`, install)
	}
	return fmt.Sprintf(`run "%s", or "%s"`, on.SudoMago("prepare", e.Unit.Word(), "-l", e.Unit.Kernel.Release), install)
}

func (pr *preparer) checkBuildDeps(ctx context.Context, u unit) error {
	packages, err := pr.unmetBuildDeps(ctx, u, true)
	if err == nil && len(packages) > 0 {
		err = &BuildDepsError{u, packages}
	}
	return err
}

// Lacking is the command that installs what building some of the units takes and is not here, "" where nothing is missing. It names
// no headers.
func Lacking(results []UnitResult, on System) string {
	var packages []string
	for _, r := range results {
		packages = append(packages, word.Strings(lackedBy(r.Err)...)...)
	}
	if len(packages) == 0 {
		return ""
	}
	slices.Sort(packages)
	return on.Apt("install", append([]string{"--no-install-recommends"}, slices.Compact(packages)...)...)
}

// lackedBy are the packages for want of which a build was not begun; none where an error says something else.
func lackedBy(err error) []word.Target {
	if needs := (*BuildDepsError)(nil); errors.As(err, &needs) {
		return needs.Packages
	}
	if tool := (*kernel.ToolError)(nil); errors.As(err, &tool) && !tool.Package.IsZero() {
		return []word.Target{{Name: tool.Package}}
	}
	return nil
}
