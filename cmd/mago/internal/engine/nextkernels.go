package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"mago/debpkg/apt"
	"mago/kbuild/kernel"
)

// NothingNextError says that apt-get full-upgrade would bring no kernel.
type NothingNextError struct {
	Meta string // the package that would bring newer ones, "" where it is installed or none is known
}

func (e *NothingNextError) Error() string { return "apt would bring no new kernel" }

func (e *NothingNextError) Hint(on System) string {
	if e.Meta == "" {
		return fmt.Sprintf(`as far as apt's lists know, which "%s" brings up to date; -l newest is the newest kernel here`, on.Apt("update"))
	}
	return fmt.Sprintf(`%s, which would bring one, is not installed; -l newest is the newest kernel here`, e.Meta)
}

// comingKernels are the kernels that apt-get full-upgrade would install, or whose packages it would bring in another version:
// their images, or their headers alone. Where there is no kernel at all it is the one that the architecture's meta package would
// bring.
func (kf *kernelFinder) comingKernels(ctx context.Context) ([]string, error) {
	if len(kf.kernelsHere()) == 0 {
		return kf.first(ctx)
	}
	would, err := kf.apt.upgrade(ctx)
	if err != nil {
		return nil, err
	}
	coming, err := kf.kernelsIn(ctx, would)
	if err == nil && len(coming) == 0 {
		err = &NothingNextError{kf.lackingMeta(ctx)}
	}
	return coming, err
}

// upgrade is what apt-get full-upgrade would do.
func (at *aptTool) upgrade(ctx context.Context) (apt.Transaction, error) {
	return at.known.upgrade.get(at.known.changes.Load(), func() (apt.Transaction, error) {
		would, err := at.installer().SimulateUpgrade(ctx)
		if err != nil {
			err = fmt.Errorf("ask apt what full-upgrade would bring: %w", err)
		}
		return would, err
	})
}

// renewed are the coming kernels that are here, whose packages get another version under the same name, and the others; neither
// where there is no kernel at all.
func (kf *kernelFinder) renewed(ctx context.Context) (renewed, others []string, err error) {
	if len(kf.kernelsHere()) == 0 {
		return nil, nil, nil
	}
	coming, err := kf.comingKernels(ctx)
	if err != nil {
		return nil, nil, err
	}
	would, err := kf.apt.upgrade(ctx)
	if err != nil {
		return nil, nil, err
	}
	here, err := kf.kernelsIn(ctx, apt.Transaction{Upgrade: would.Upgrade})
	for _, release := range coming {
		if slices.Contains(here, release) {
			renewed = append(renewed, release)
		} else {
			others = append(others, release)
		}
	}
	return renewed, others, err
}

// kernelsIn are the kernels whose images or headers a transaction brings, oldest first.
func (kf *kernelFinder) kernelsIn(ctx context.Context, t apt.Transaction) ([]string, error) {
	ofHeaders, err := kf.apt.headersInApt(ctx)
	if err != nil {
		return nil, err
	}
	releases := map[string]bool{}
	for release, name := range ofHeaders {
		if t.Brings(name) {
			releases[release.String()] = true
		}
	}
	for _, c := range slices.Concat(t.Install, t.Upgrade) {
		if release := imageRelease(c.Package.Name.String()); release != "" && c.Package.Architecture.IsZero() {
			releases[release] = true
		}
	}
	return kernel.SortReleases(slices.Collect(maps.Keys(releases))), nil
}

// first is the kernel that a machine without any would get.
func (kf *kernelFinder) first(ctx context.Context) ([]string, error) {
	arch, err := kf.pkgs.architecture()
	if err != nil {
		return nil, err
	}
	if next := kf.broughtBy(ctx, "linux-image-"+arch); next.Release != "" {
		kf.say.note("kernels", "none is installed here; %s would bring %s", next.Meta, next.Release)
		return []string{next.Release}, nil
	}
	return nil, &NothingNextError{}
}

// lackingMeta is the package that would bring newer kernels of the running one's flavour, else of the plain one, where it is not
// installed.
func (kf *kernelFinder) lackingMeta(ctx context.Context) string {
	arch, _ := kf.pkgs.architecture()
	for _, flavour := range []string{kernel.Flavour(kf.running()), arch} {
		if would := kf.broughtBy(ctx, "linux-image-"+flavour); would.Meta != "" && kf.pkgs.packageVersion(would.Meta) == "" {
			return would.Meta
		} else if would.Meta != "" {
			return ""
		}
	}
	return ""
}
