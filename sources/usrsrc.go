package sources

import (
	"cmp"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"mago/catalog"
	"mago/debpkg"
	"mago/sources/way"
)

// Found is a module's source below /usr/src, where vendors and "dkms add" put trees and module-assistant looks for tarballs.
type Found struct {
	Name    string // what it calls itself; of a tarball what that is called
	Version string // "" where only opening it would tell
	Path    string // as this process sees it
	alias   string // what its directory is called
}

// kernelTree are the directories of /usr/src that hold a kernel or its headers.
var kernelTree = regexp.MustCompile(`^linux(?:-[0-9].*|-headers-.*|-kbuild-.*|-source-.*|-config-.*)?$`)

// InUsrSrc lists the sources in /usr/src, /usr/src/modules and the tarballs of /usr/src, of each name the newest. It opens and
// runs nothing.
func (f *Fetcher) InUsrSrc() []Found {
	var all []Found
	for _, dir := range []string{"/usr/src", "/usr/src/modules"} {
		entries, _ := f.Root.ReadDir(dir) // nothing there, nothing found
		for _, e := range entries {
			if kernelTree.MatchString(e.Name()) {
				continue
			}
			if found, ok := (system{f.Root}).foundAt(filepath.Join(dir, e.Name())); ok {
				all = append(all, found)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Found) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), debpkg.CompareVersions(b.Version, a.Version))
	})
	return slices.CompactFunc(all, func(a, b Found) bool { return a.Name == b.Name })
}

// foundAt looks at one of them.
func (s system) foundAt(path string) (Found, bool) {
	w, err := way.Find(s.host(path))
	if err != nil {
		return Found{}, false
	}
	base := splitBase(trimTar(filepath.Base(path)))
	found := Found{Version: base.version, Path: w.Path, alias: firstName(base.name)}
	switch {
	case w.Info.Mode().IsRegular() && tarSuffix.MatchString(path):
		found.Name = found.alias
	case w.Info.IsDir() && !regular(filepath.Join(w.Path, "scripts/Makefile.build")):
		tree, err := localDirectory(w)
		if err != nil {
			return Found{}, false
		}
		found.Name, found.Version = tree.Own, tree.Version
	}
	return found, found.Name != ""
}

// FindInUsrSrc returns the newest source below /usr/src that a name means.
func (f *Fetcher) FindInUsrSrc(name string) (Found, bool) { return FoundNamed(f.InUsrSrc(), name) }

// FoundNamed returns the source that a name means, by its own name or its directory's.
func FoundNamed(all []Found, name string) (Found, bool) {
	name = catalog.ModuleName(strings.ReplaceAll(strings.ToLower(name), "_", "-"))
	for _, means := range []func(Found) string{func(s Found) string { return s.Name }, func(s Found) string { return s.alias }} {
		if i := slices.IndexFunc(all, func(s Found) bool { return name != "" && means(s) == name }); i >= 0 {
			return all[i], true
		}
	}
	return Found{}, false
}

// Newer reports whether a source's version is later than a package's, whose revision does not count.
func (s Found) Newer(pkg string) bool {
	return s.Version != "" && debpkg.CompareVersions(upstream(s.Version), upstream(pkg)) > 0
}

// Shared returns who may change the source beside root and this process's user: its directory or tarball, a directory on the
// way to it, or a file in it; nil for nobody.
func (s Found) Shared() (*way.Shared, error) {
	w, err := way.Find(s.Path)
	if err != nil {
		return nil, err
	}
	if w.Shared != nil || !w.Info.IsDir() {
		return w.Shared, nil
	}
	root, err := w.Root()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return way.SharedIn(root, w.Path)
}
