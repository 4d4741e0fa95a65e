package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mago/cmd/mago/internal/modpkg"
	"mago/debpkg/rooted"
	"mago/debpkg/word"
)

// Orphans are what is left of kernels. A kernel is gone from the machine where status says so (see survey.gone): it does not run,
// and dpkg has removed its image, or neither its modules nor its headers are here. It exists nowhere where it does not run,
// neither modules nor headers of it are here, and apt's lists have neither its headers nor its image.

// removeOrphans has dpkg remove the packages of modules for kernels that are gone, and then what is left of these in /lib/modules.
func (v *evictor) removeOrphans(ctx context.Context, chosen func(UnitID) bool) error {
	if _, err := v.catalog.catalog(ctx); err != nil {
		return err // without apt's lists no kernel would be anywhere
	}
	left, err := v.leftOver(chosen)
	if err != nil {
		return err
	}
	names, edited := v.leftPackages(left)
	for _, stays := range edited {
		v.say.note("clean", "%s", stays)
	}
	if len(names) > 0 && !v.DryRun {
		if !v.mayPurge(names) {
			names = nil
		} else if left, err = v.leftOver(chosen); err != nil { // others may have installed something meanwhile
			return err
		}
		now, _ := v.leftPackages(left)
		names = slices.DeleteFunc(names, func(name string) bool { return !slices.Contains(now, name) })
	}
	v.orphans = map[UnitID]bool{}
	for _, s := range left {
		v.orphans[UnitID{Module: s.Module, Kernel: s.Kernel}] = true
	}
	if v.purged, err = v.purge(ctx, names); err != nil {
		return err
	}
	return v.sweepModules(ctx)
}

// leftOver are the units that are installed here for kernels that are gone, as dpkg has it now.
func (v *evictor) leftOver(chosen func(UnitID) bool) ([]State, error) {
	v.forgetInstalled()
	records, err := v.store.All()
	if err != nil {
		return nil, err
	}
	states, err := v.states.states(records)
	return Having(states, func(s State) bool {
		return s.State == StateLeftover && chosen(UnitID{Module: s.Module, Kernel: s.Kernel})
	}), err
}

// sweepModules removes the directories of kernels that are gone from /lib/modules, as far as nobody may want what is in them, and
// while nobody installs a kernel.
func (v *evictor) sweepModules(ctx context.Context) error {
	dirs, err := v.meantDirs()
	switch {
	case err != nil || len(dirs) == 0:
		return err
	case v.DryRun:
		return v.removeDeadDirs(dirs)
	case !v.host.AsRoot:
		v.adviseRoot()
		return nil
	}
	return v.apt.installer().Alone(ctx, func() error {
		v.forgetInstalled()
		dirs, err := v.meantDirs()
		if err != nil {
			return err
		}
		return v.removeDeadDirs(dirs)
	})
}

func (v *evictor) meantDirs() ([]deadDir, error) {
	dirs, err := v.deadDirs()
	return slices.DeleteFunc(dirs, func(d deadDir) bool { return !v.meant(d.release) }), err
}

func (v *evictor) removeDeadDirs(dirs []deadDir) error {
	for _, d := range dirs {
		if err := v.removeDeadDir(d); err != nil {
			return err
		}
	}
	return nil
}

// adviseRoot gives, once, the command by which root removes what is left of the same modules and kernels.
func (v *evictor) adviseRoot() {
	if !v.advised {
		on := v.system()
		v.say.advise("next", on.SudoMago(slices.Concat([]string{"clean", "--orphans", "-i"}, on.kernelWords(), v.words)...))
	}
	v.advised = true
}

// leftPackages are the installed packages of units that are left over, and those of common files that nothing needs then: but for
// one whose configuration somebody has edited.
func (v *evictor) leftPackages(left []State) (names, edited []string) {
	for _, s := range left {
		if s.Installed == "" {
			continue
		}
		names = append(names, modpkg.Name(s.Module, s.Kernel))
		if s.Common == "" || slices.Contains(names, s.Common) {
			continue
		}
		if files, _ := v.pkgs.installedPackage(s.Common).CheckConffiles(rooted.Root(v.Root)); len(files) > 0 {
			if stays := fmt.Sprintf("%s stays: %s is edited", s.Common, strings.Join(files, ", ")); !slices.Contains(edited, stays) {
				edited = append(edited, stays)
			}
			continue
		}
		names = append(names, s.Common)
	}
	slices.Sort(names)
	return names, edited
}

// mayPurge reports whether dpkg may remove packages: as root who agrees.
func (v *evictor) mayPurge(names []string) bool {
	if v.host.mayChange("removing packages") == nil && (v.Confirm == nil || v.Confirm(names)) {
		return true
	}
	v.say.note("clean", "dpkg still has %s, for a kernel that is gone", strings.Join(names, ", "))
	v.adviseRoot()
	return false
}

// purge has dpkg remove packages, and gives those that are gone then or would be.
func (v *evictor) purge(ctx context.Context, names []string) (removed []string, err error) {
	list := strings.Join(names, ", ")
	switch {
	case len(names) == 0:
		return nil, nil
	case v.DryRun:
		v.say.note("clean", "dpkg would remove %s", list)
		return names, nil
	}
	p := v.say.begin("clean", "removing "+list)
	defer p.end()
	in, _ := v.apt.working(p)
	err = in.Purge(ctx, names...)
	v.forgetInstalled()
	if err != nil {
		return nil, fmt.Errorf("remove %s: %w", list, err)
	}
	p.timed("dpkg: removed " + list)
	return names, nil
}

// findNowhere finds the kernels that exist nowhere any more among those of things.
func (v *evictor) findNowhere(ctx context.Context, things []keptThing) error {
	if v.nowhere = map[string]bool{}; !v.Orphans {
		return nil
	}
	inApt, err := v.apt.releasesInApt(ctx)
	if err != nil {
		return err
	}
	here := append(append(inApt, v.kernels.kernelsHere()...), v.kernels.running())
	names := map[word.Package]string{}
	for _, t := range things {
		for _, release := range t.kernels {
			if slices.Contains(here, release) || v.nowhere[release] {
				continue
			}
			v.nowhere[release] = true
			for _, name := range imageNames(release, "") {
				names[name] = release
			}
		}
	}
	images, err := v.apt.catalogConfig().Archived(ctx, keysOf(names)...)
	for name := range images {
		delete(v.nowhere, names[name])
	}
	return err
}

func keysOf(names map[word.Package]string) (all []word.Package) {
	all = slices.Collect(maps.Keys(names))
	word.Sort(all)
	return all
}
