package engine

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
	"mago/debpkg"
	"mago/debpkg/apt"
	"mago/debpkg/relation"
	"mago/debpkg/word"
	"mago/sources"
)

// InTheWayError says that an installed source package owns the files that come in a package with the modules.
type InTheWayError struct {
	Module, Pkg, common string

	Command string   // has apt put mago's packages in its place
	Refused bool     // whether apt, asked before, would not do that
	others  []string // what apt would remove with it
	Kernels []string // for which dkms has the modules, and mago has built none
	lost    []string // those for which there are no headers to build any
}

func (e *InTheWayError) Error() string {
	text := fmt.Sprintf("%s is installed and has the files of %s; apt cannot install both", e.Pkg, e.common)
	if len(e.others) > 0 {
		text += fmt.Sprintf(", and %s would go with it", strings.Join(e.others, ", "))
	}
	return text
}

// Hint leaves it to the user, whom apt asks.
func (e *InTheWayError) Hint(on System) string {
	var lines []string
	if len(e.lost) > 0 {
		lines = append(lines, fmt.Sprintf("dkms removes its modules for %s, too, and mago has no headers to build others", strings.Join(e.lost, ", ")))
	}
	if len(e.Kernels) > 0 {
		kernels := strings.Join(e.Kernels, ",")
		lines = append(lines, fmt.Sprintf(`dkms removes its modules for %s, too: first run "%s", then this command again`, kernels, on.SudoMago("auto-build", "-l", kernels, e.Module)))
	}
	if e.Refused {
		return Hints(append(lines, fmt.Sprintf(`apt refuses to replace it by mago's packages; "%s" says why`, e.Command))...)
	}
	return Hints(append(lines, fmt.Sprintf(`"%s" replaces it by mago's packages; conffiles stay as they are`, e.Command))...)
}

// checkSourcePackage refuses, with an *InTheWayError, a build whose files an installed source package owns.
func (it *installer) checkSourcePackage(ctx context.Context, built store.Record, debs []string) error {
	pkg := built.Source.Package
	if built.Common == nil || pkg == "" || it.pkgs.packageVersion(pkg) == "" || !slices.Contains(debs, built.Common.Deb) {
		return nil
	}
	r, err := debpkg.Open(built.Common.Deb)
	if err != nil {
		return err
	}
	r.Close()
	status, err := it.pkgs.installed()
	if err != nil || !slices.Contains(status.Matching(r.Control().Get("Conflicts")), pkg) {
		return err
	}
	e := &InTheWayError{Module: built.Module, Pkg: pkg, common: built.Common.Package}
	for _, release := range it.dkmsKernels(built) {
		other, ok := it.store.Get(store.ID{Module: built.Module, Kernel: release})
		switch {
		case release == built.Kernel:
		case ok && it.store.IsWhole(other) && it.usable(other):
			debs = append(debs, other.Deb)
		case it.lacksHeaders(release):
			e.lost = append(e.lost, release)
		default:
			e.Kernels = append(e.Kernels, release)
		}
	}
	e.Command = it.apt.aptCommand(debs)
	would, err := it.apt.installer().Simulate(ctx, apt.InstallOptions{Debs: it.insideRoot(debs), Remove: true}, nil)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	e.Refused = err != nil
	for _, c := range would.Remove {
		if name := c.Package.Name.String(); name != pkg {
			e.others = append(e.others, name)
		}
	}
	return e
}

func (it *installer) lacksHeaders(release string) bool {
	_, err := it.kernels.kernel(release)
	return err != nil
}

// dkmsKernels are the kernels that dkms has one of a build's modules for.
func (it *installer) dkmsKernels(built store.Record) []string {
	var releases []string
	files, _ := filepath.Glob(filepath.Join(it.Root, "lib/modules/*", dkmsInstalled, "*.ko*")) // the pattern is a good one
	for _, file := range files {
		release := filepath.Base(strings.TrimSuffix(filepath.Dir(file), dkmsInstalled))
		if _, err := word.ParseRelease(release); err == nil && slices.Contains(modpkg.Modules(built.Modules), modpkg.ModuleName(file)) {
			releases = append(releases, release)
		}
	}
	return slices.Compact(releases)
}

// lacksCommonOf reports whether a module's package that dpkg has is without the files that belong to it: of those that it depends
// on, of its build, whose record get gives, or because it was built beside a package that had them, and has gone.
func (pk *packages) lacksCommonOf(module string, have apt.Installed, get func() (store.Record, bool)) bool {
	if have.Version == "" || pk.packageVersion(modpkg.CommonName(module)) != "" {
		return false
	}
	if slices.Contains(relation.Names(have.Depends), modpkg.CommonName(module)) {
		return true
	}
	r, ok := get()
	if !ok || have.Version != r.Version {
		return false
	}
	beside := r.Source.Origin == string(sources.Host) && r.Source.Package != "" && !r.Source.Runtime
	return r.Common != nil || beside && pk.packageVersion(r.Source.Package) == ""
}
