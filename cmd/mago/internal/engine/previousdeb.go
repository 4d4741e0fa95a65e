package engine

import (
	"path/filepath"
	"slices"
	"strings"

	"mago/cmd/mago/internal/store"
	"mago/debpkg"
	"mago/debpkg/apt"
)

// tellBrings names what apt is about to install with modules.
func (at *aptTool) tellBrings(changes []apt.Change) {
	var names []string
	for _, c := range changes {
		names = append(names, c.Package.String()+" "+c.New.String())
	}
	if len(names) > 0 {
		at.say.note("install", "apt installs %s", strings.Join(names, ", "))
	}
	at.tellKernels("install", changes)
}

// previousDeb finds the .deb that a package of modules was installed from, where mago still has it: the one of that name and version
// that is not the newest build, or is the very one that was installed.
func (at *aptTool) previousDeb(name, version string) []string {
	files, _ := filepath.Glob(filepath.Join(at.store.Debs(), name+"_*.deb")) // a package's name holds no pattern
	all, err := at.store.All()
	if err != nil {
		return nil
	}
	i := slices.IndexFunc(files, func(file string) bool {
		r, err := debpkg.Open(file)
		if err != nil {
			return false
		}
		r.Close()
		return r.Control().Get("Package") == name && r.Control().Get("Version") == version && !isOverwritten(file, all)
	})
	if i < 0 {
		return nil
	}
	return files[i : i+1]
}

// isOverwritten reports whether a build has since written another package under the name of the one that was installed.
func isOverwritten(file string, all []store.Record) bool {
	return slices.ContainsFunc(all, func(r store.Record) bool { return r.Deb == file && r.Current != r.SHA256 })
}
