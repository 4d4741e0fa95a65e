package engine

import (
	"context"
	"slices"

	"mago/catalog"
	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
	"mago/kbuild/dkms"
	"mago/kbuild/kernel"
	"mago/kbuild/recipe"

	"golang.org/x/sys/unix"
)

// ShownModule is all that show knows of a module; its JSON form is part of mago's interface.
type ShownModule struct {
	Listed
	Recipe   string            `json:"recipe,omitempty"`
	Source   string            `json:"source,omitempty"`  // directory of the opened source
	Lacking  string            `json:"lacking,omitempty"` // why the source cannot be had in the version that the configuration names
	Packages []catalog.Package `json:"packages,omitempty"`
	Builds   []store.Record    `json:"builds,omitempty"`
}

// Show tells all about modules.
func (e *Engine) Show(ctx context.Context, words []string) ([]ShownModule, error) {
	targets, err := e.modules.targets(ctx, words)
	if err != nil {
		return nil, err
	}
	shown, err := e.kernels.toShow(ctx)
	if err != nil {
		return nil, err
	}
	names := targetNames(targets)
	records, err := e.store.All(names...)
	if err != nil {
		return nil, err
	}
	states, err := e.states.states(records, names...)
	if err != nil {
		return nil, err
	}
	of := statesOf(states)
	var all []ShownModule
	for _, t := range targets {
		m := ShownModule{Listed: e.listed(ctx, t, shown, of[t.name])}
		e.describeSource(t, &m)
		m.Lacking = lackedText(lackedPin(ctx, e.modules, t.name))
		for i := range records {
			if r := &records[i]; r.Module == t.name && t.isSourceOf(*r) {
				m.Builds = append(m.Builds, *r)
			}
		}
		all = append(all, m)
	}
	return all, nil
}

// describeSource adds what the packages and, where it is there, the opened source tell.
func (e *Engine) describeSource(t target, m *ShownModule) {
	if t.pkg != nil {
		if module, _, err := e.catalog.opened().Resolve(t.pkg.Name.String()); err == nil {
			m.Packages = module.Packages
		}
		if tree, ok := e.modules.fetcher().Cached(*t.pkg); ok {
			t.tree = tree
		}
	}
	if t.tree == nil {
		return
	}
	m.Source = t.tree.Dir
	m.Recipe, _ = recipe.File(t.source()) // a source that cannot be read shows none
}

// Removal is the command that removes a module's installed packages, and these with their versions; "" where there are none.
func (e *Engine) Removal(m ShownModule) (packages []string, command string) {
	names := e.packagesOf(m)
	for _, name := range names {
		packages = append(packages, name+" "+e.pkgs.packageVersion(name))
	}
	if len(names) > 0 {
		command = e.system().Apt("remove", names...)
	}
	return packages, command
}

// Installation is the command that installs a module for the kernels at hand.
func (e *Engine) Installation(module string) string {
	on := e.system()
	return on.SudoMago(append([]string{"auto-install"}, append(on.kernelWords(), module)...)...)
}

// packagesOf are the installed packages of a module.
func (e *Engine) packagesOf(m ShownModule) (names []string) {
	for _, u := range m.Units {
		if u.Installed != "" {
			names = append(names, modpkg.Name(u.Module, u.Kernel))
		}
	}
	if common := modpkg.CommonName(m.Module); len(names) > 0 && e.pkgs.packageVersion(common) != "" {
		names = append(names, common)
	}
	return names
}

// ShownConf is what the evaluation of a dkms.conf has told; its JSON form is part of mago's interface.
type ShownConf struct {
	*dkms.Plan
	Other bool `json:"-"` // whether it is told of another kernel than the one at hand
}

// keptConf is what planning, fetching or building has left of an opened source's dkms.conf.
func (e *Engine) keptConf(t target, k kernel.Kernel) *ShownConf {
	if key, err := recipe.Key(e.Root, e.confs.job(t, k)); err != nil {
		return &ShownConf{Plan: &dkms.Plan{Kernel: k.Release, Error: err.Error()}}
	} else if conf, ok := recipe.Kept(e.confs.confs(t), key); ok {
		return &ShownConf{Plan: conf.Plan(dkmsKernel(k))}
	}
	return &ShownConf{Plan: &dkms.Plan{Kernel: k.Release, Error: "not read yet"}}
}

// keptForAny is keptConf for the kernel at hand, or else, where the caller has chosen none, for the newest kernel that it was
// evaluated for.
func (e *Engine) keptForAny(t target, k kernel.Kernel) *ShownConf {
	conf := e.keptConf(t, k)
	if conf.Error == "" || e.Limited() {
		return conf
	}
	for _, release := range slices.Backward(kernel.SortReleases(append(e.kernels.kernelsHere(), e.kernels.cache.releases()...))) {
		other, err := e.kernels.kernel(release)
		if err != nil {
			continue
		}
		if kept := e.keptConf(t, other); kept.Error == "" {
			kept.Other = true
			return kept
		}
	}
	return conf
}

// toShow is the kernel that a build would be for, as far as it is known; without headers nothing is known of its
// configuration.
func (kf *kernelFinder) toShow(ctx context.Context) (kernel.Kernel, error) {
	release := kf.running()
	releases, err := kf.releases(ctx)
	switch {
	case err != nil && len(kf.Kernels) > 0: // that nothing matches is worth an error
		return kernel.Kernel{}, err
	case err == nil && len(releases) > 0:
		release = releases[0]
	}
	if k, err := kf.kernel(release); err == nil {
		return k, nil
	}
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return kernel.Kernel{Release: release}, nil
	}
	return kernel.Kernel{Release: release, Arch: unix.ByteSliceToString(name.Machine[:])}, nil
}
