package engine

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
	"mago/debpkg/word"
	"mago/kbuild"
	"mago/kbuild/kernel"
)

// dkmsInstalled is where dkms puts modules on Debian, below the kernel's module directory.
const dkmsInstalled = "updates/dkms"

// tellOtherCopies tells of what else this kernel has of the same modules. Mago leaves it alone, and modprobe takes mago's (modpkg
// puts an order for depmod into every package), unless the kernel has the module within itself or the administrator has another
// order.
func (it *installer) tellOtherCopies(k kernel.Kernel, built store.Record) {
	names := modpkg.Modules(built.Modules)
	it.tellUntaken(k, names)
	it.tellCopies(k, built, names)
}

// tellUntaken warns of modules that modprobe does not take from mago's package.
func (it *installer) tellUntaken(k kernel.Kernel, names []string) {
	if inside := it.builtIn(k, names); len(inside) > 0 {
		it.say.note("warning", "Linux %s has %s built in: modprobe does not load mago's", k.Release, strings.Join(inside, ", "))
	}
	taken := it.takenByDepmod(k, names)
	for _, name := range names {
		if path := taken[name]; path != "" && !isBelow(path, kbuild.Subdirectory) {
			it.say.note("warning", "modprobe takes %s, not mago's %s: see /etc/depmod.d", path, name)
		}
	}
}

// tellCopies tells of other files of the modules, and how those of dkms are removed.
func (it *installer) tellCopies(k kernel.Kernel, built store.Record, names []string) {
	removals := map[string][]string{} // by command, the files that it removes
	for _, path := range it.copies(k, names) {
		switch rel, _ := filepath.Rel(moduleDir(k), path); {
		case isBelow(rel, kbuild.Subdirectory):
			continue
		case isBelow(rel, dkmsInstalled):
			if removal := it.dkmsRemoval(k, built, path); removal != "" {
				removals[removal] = append(removals[removal], filepath.Base(path))
				continue
			}
		}
		it.say.note("note", "%s is another %s, which mago leaves alone; modprobe takes mago's", path, modpkg.ModuleName(path))
	}
	for _, removal := range slices.Sorted(maps.Keys(removals)) {
		it.say.note("note", "dkms has its own %s for Linux %s; modprobe takes mago's", strings.Join(removals[removal], ", "), k.Release)
		it.say.note("", "to keep only one: %s", removal)
	}
}

func moduleDir(k kernel.Kernel) string {
	if k.ModulesDir == "" {
		return filepath.Join("/lib/modules", k.Release)
	}
	return k.ModulesDir
}

// copies are the files of modules of these names that are installed for a kernel beside its own, as paths in the root.
func (it *installer) copies(k kernel.Kernel, names []string) (paths []string) {
	dir := filepath.Join(it.Root, moduleDir(k))
	_ = filepath.WalkDir(dir+"/", func(path string, entry fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(dir, path)
		switch {
		case err != nil:
			return nil // what root cannot read is not there
		case rel == "kernel":
			return fs.SkipDir
		case entry.Type().IsRegular() && strings.Contains(entry.Name(), ".ko") && slices.Contains(names, modpkg.ModuleName(path)):
			paths = append(paths, filepath.Join(moduleDir(k), rel))
		}
		return nil
	})
	return paths
}

// builtIn are those of the modules that are no files of the kernel but part of it.
func (it *installer) builtIn(k kernel.Kernel, names []string) []string {
	inside := modpkg.Modules(it.moduleList(k, "modules.builtin"))
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !slices.Contains(inside, name) })
}

// takenByDepmod are the files that modprobe takes for modules, below the kernel's directory, as far as depmod has run.
func (it *installer) takenByDepmod(k kernel.Kernel, names []string) map[string]string {
	taken := map[string]string{}
	for _, line := range it.moduleList(k, "modules.dep") {
		if path, _, _ := strings.Cut(line, ":"); slices.Contains(names, modpkg.ModuleName(path)) {
			taken[modpkg.ModuleName(path)] = path
		}
	}
	return taken
}

// moduleList are the lines of a list that the kernel's directory has where the kernel is installed.
func (it *installer) moduleList(k kernel.Kernel, file string) []string {
	text, _ := os.ReadFile(filepath.Join(it.Root, moduleDir(k), file))
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// dkmsRemoval is the command that takes a copy of dkms's away: of the package that brought it, else of dkms alone, by the names
// that dkms keeps it under; "" where dkms does not have it.
func (it *installer) dkmsRemoval(k kernel.Kernel, built store.Record, copied string) string {
	if pkg := built.Source.Package; strings.HasSuffix(pkg, "-dkms") && it.pkgs.packageVersion(pkg) != "" {
		return it.system().Apt("remove", pkg)
	}
	tree := filepath.Join(it.Root, "/var/lib/dkms")
	name, _, _ := strings.Cut(filepath.Base(copied), ".ko")
	kept, _ := filepath.Glob(filepath.Join(tree, "*", "*", k.Release, "*", "module", name+".ko*")) // module names and releases hold no pattern
	for _, path := range kept {
		rel, _ := filepath.Rel(tree, path)
		parts := strings.Split(rel, "/")
		module, unfit := word.ParseDKMS(parts[0])
		version, unfit2 := word.ParseDKMS(parts[1])
		if unfit == nil && unfit2 == nil {
			return it.system().Program("dkms", "remove", module.String()+"/"+version.String(), "-k", k.Release)
		}
	}
	return ""
}
