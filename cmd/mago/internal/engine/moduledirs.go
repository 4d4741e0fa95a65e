package engine

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"mago/cmd/mago/internal/store"
	"mago/debpkg/rooted"
	"mago/kbuild/deep"
	"mago/kbuild/kernel"
)

// madeByDepmod are the files that depmod(8) writes into a kernel's directory; apt-get remove of a kernel leaves them there.
var madeByDepmod = []string{
	"modules.alias", "modules.alias.bin", "modules.builtin.alias.bin", "modules.builtin.bin", "modules.dep", "modules.dep.bin", "modules.devname",
	"modules.softdep", "modules.symbols", "modules.symbols.bin", "modules.weakdep",
}

// deadDir is a directory of /lib/modules with nothing in it but empty directories and what depmod has made.
type deadDir struct {
	release string
	files   []string // in it, by their names
	dirs    []string // it and those below, as paths below /lib/modules, the deepest last
	bytes   int64
}

// deadDirs are those of kernels that are gone, in which no package has a file or directory; what is purged does not count.
func (v *evictor) deadDirs() (dirs []deadDir, err error) {
	entries, err := rooted.Root(v.Root).ReadDir("/lib/modules")
	if err != nil && !store.Absent(err) {
		return nil, err
	}
	here := append(v.kernels.kernelsHere(), v.kernels.running())
	var owners map[string]bool
	for _, entry := range entries {
		if !entry.IsDir() || !kernel.ValidRelease(entry.Name()) || slices.Contains(here, entry.Name()) {
			continue
		}
		if owners == nil {
			if owners, err = v.modulePaths(); err != nil {
				return nil, err
			}
		}
		dir, ok, err := v.deadDir(entry.Name(), owners)
		if err != nil {
			return nil, err
		}
		if ok {
			dirs = append(dirs, dir)
		}
	}
	return dirs, nil
}

// modulePaths are the paths below /lib/modules that packages have, true, or that those have which are purged.
func (v *evictor) modulePaths() (map[string]bool, error) {
	status, err := v.pkgs.installed()
	if err != nil {
		return nil, err
	}
	owned := map[string]bool{}
	for p := range status.Present() {
		files, err := p.Files(rooted.Root(v.Root))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if name, ok := strings.CutPrefix(strings.TrimPrefix(path.Clean(file), "/usr"), "/lib/modules/"); ok {
				owned[name] = owned[name] || !slices.Contains(v.purged, p.Package)
			}
		}
	}
	return owned, nil
}

// deadDir looks at a kernel's directory; false where something is in it that somebody may want.
func (v *evictor) deadDir(release string, owned map[string]bool) (d deadDir, ok bool, err error) {
	d, ok = deadDir{release: release}, true
	modules, err := v.openModules()
	if err != nil {
		return d, false, err
	}
	defer modules.Close()
	err = fs.WalkDir(modules.FS(), release, func(name string, entry fs.DirEntry, err error) error {
		had, known := owned[name]
		switch {
		case err != nil:
			return err
		case had:
			ok = false
			return fs.SkipAll
		case entry.IsDir():
			d.dirs = append(d.dirs, name)
		case known: // goes with its package
		case !entry.Type().IsRegular() || path.Dir(name) != release || !slices.Contains(madeByDepmod, path.Base(name)):
			ok = false
			return fs.SkipAll
		default:
			d.files = append(d.files, name)
			d.bytes += deep.Size(filepath.Join(modules.Name(), name))
		}
		return nil
	})
	return d, ok, err
}

func (v *evictor) openModules() (*os.Root, error) {
	dir, err := rooted.Root(v.Root).Path("/lib/modules")
	if err != nil {
		return nil, err
	}
	return os.OpenRoot(dir)
}

// removeDeadDir removes what depmod has made for a kernel that is gone, and the directories that are empty then.
func (v *evictor) removeDeadDir(d deadDir) error {
	gone := removedCount{bytes: d.bytes}
	gone.things[removedModuleDirs] = 1
	v.verbose("remove", filepath.Join("/lib/modules", d.release))
	if !v.DryRun {
		modules, err := v.openModules()
		if err != nil {
			return err
		}
		defer modules.Close()
		for _, file := range d.files {
			if err := modules.Remove(file); err != nil && !store.Absent(err) {
				return err
			}
		}
		for _, dir := range slices.Backward(d.dirs) {
			if err := modules.Remove(dir); err != nil && !store.Absent(err) {
				return err
			}
		}
	}
	v.add(d.release, gone)
	return nil
}
