package engine

import (
	"os"
	"path/filepath"
	"strings"

	"mago/cmd/mago/internal/store"
	"mago/debpkg/word"
	"mago/kbuild/kernel"
)

// dkmsInstalled is where dkms puts modules on Debian, below the kernel's module directory.
const dkmsInstalled = "updates/dkms"

// tellDKMSCopies tells of copies of the same modules that dkms keeps for this kernel. They are left alone: dkms would make
// them anew, and mago's win (modpkg puts an order for depmod into every package).
func (it *installer) tellDKMSCopies(k kernel.Kernel, built store.Record) {
	var names []string
	for _, path := range it.dkmsCopies(k.ModulesDir, built) {
		names = append(names, filepath.Base(path))
	}
	if len(names) == 0 {
		return
	}
	it.say.note("note", "dkms has its own %s for Linux %s; modprobe takes mago's", strings.Join(names, ", "), k.Release)
	it.say.note("", "to keep only one: %s", it.dkmsRemoval(k, built))
}

// dkmsCopies are the paths of the modules of a build that dkms has for a kernel.
func (it *installer) dkmsCopies(modulesDir string, built store.Record) []string {
	var copies []string
	for _, path := range built.Modules {
		name, _, _ := strings.Cut(filepath.Base(path), ".ko")
		found, _ := filepath.Glob(filepath.Join(it.Root, modulesDir, dkmsInstalled, name+".ko*")) // module names hold no pattern
		copies = append(copies, found[:min(1, len(found))]...)
	}
	return copies
}

// dkmsRemoval is the command that takes dkms's copies away: of the package that brought them, else of dkms alone.
func (it *installer) dkmsRemoval(k kernel.Kernel, built store.Record) string {
	if pkg := built.Source.Package; strings.HasSuffix(pkg, "-dkms") && it.pkgs.packageVersion(pkg) != "" {
		return it.system().Apt("remove", pkg)
	}
	name, version := built.RecipeName, built.RecipeVersion
	dir := filepath.Join(it.Root, "/var/lib/dkms", name)
	versions, _ := os.ReadDir(dir) // there are none where it cannot be read
	for _, e := range versions {
		known, unfit := word.ParseDKMS(e.Name())
		if _, err := os.Stat(filepath.Join(dir, e.Name(), k.Release)); err == nil && unfit == nil {
			version = known.String()
		}
	}
	return it.system().Program("dkms", "remove", name+"/"+version, "-k", k.Release)
}
