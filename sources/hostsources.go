package sources

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"mago/catalog"
	"mago/debpkg/rooted"
)

// system is what a host has installed.
type system struct{ root rooted.Root }

// hostTree returns the tree that an installed -dkms package, or the administrator, put where dkms(8) looks for it:
// /usr/src/<name>-<upstream version>. It returns nil where another version of the package is installed.
func (f *Fetcher) hostTree(pkg catalog.Package) (tree *Tree, err error) {
	if !f.SystemSources || pkg.Damaged || pkg.Kind != catalog.DKMS || !pkg.Installed.IsZero() && pkg.Installed != pkg.Version {
		return nil, nil
	}
	s := system{f.Root}
	dir := s.inUsrSrc(pkg.Name.String(), "-"+upstream(pkg.Version.String()))
	if dir == "" || !hasOwn(s.host(dir), "dkms.conf") {
		return nil, nil
	}
	tree = &Tree{Name: moduleName(pkg.Name.String()), Version: pkg.Version.String(), Origin: Host, Dir: s.host(dir)}
	f.attach(tree, pkg, "")
	tree.ModTime = treeTime(changelogTime(tree.Changelog))
	if tree.Runtime, err = s.runtime(pkg); err != nil {
		return nil, err
	}
	return tree, nil
}

// hasOwn reports whether a directory has a file in it, which no link out of it stands for.
func hasOwn(dir, name string) bool {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return false
	}
	defer root.Close()
	return isFile(root.FS(), name)
}

// hostTarball returns the tarball in /usr/src of pkg, a module-assistant package that is installed in the wanted version; ""
// where there is none or the host's sources are not used.
func (f *Fetcher) hostTarball(pkg catalog.Package) string {
	if !f.SystemSources || pkg.Kind != catalog.ModuleAssistant || pkg.Installed != pkg.Version {
		return ""
	}
	s := system{f.Root}
	tarball := s.host(s.inUsrSrc(pkg.Name.String(), ".tar", ".tar.xz", ".tar.bz2", ".tar.gz", ".tar.zst", ".tar.lzma"))
	if !regular(tarball) {
		return ""
	}
	return tarball
}

// openHostTarball opens that tarball into the cache.
func (f *Fetcher) openHostTarball(ctx context.Context, pkg catalog.Package, tarball string) (*Tree, error) {
	at, err := os.Stat(tarball)
	if err != nil {
		return nil, err
	}
	sum, err := hashAt(ctx, tarball, at)
	if err != nil {
		return nil, err
	}
	rec := record{Name: moduleName(pkg.Name.String()), Version: pkg.Version.String(), Origin: Host, SHA256: sum, Stamp: stamp(tarball)}
	_, changelog := system{f.Root}.docs(pkg.Name.String())
	rec.ModTime = changelogTime(changelog)
	tree, err := f.fill(ctx, pkg.Name.String(), pkg.Version.String(), func(dir string) (record, error) {
		return opener{f.Limits}.openTarball(ctx, rec, tarball, at, dir)
	})
	if err != nil {
		return nil, err
	}
	f.attach(tree, pkg, tarball)
	return tree, nil
}

// host gives a host path as this process sees it.
func (s system) host(name string) string {
	path, err := s.root.Path(name)
	if err != nil { // a loop of links, say: whoever opens the path meets it again
		return filepath.Join(s.root.String(), name)
	}
	return path
}

// inUsrSrc returns the host path of the entry of /usr/src that is named after pkg, with one of the suffixes; "" for none.
func (s system) inUsrSrc(pkg string, suffixes ...string) string {
	entries, _ := s.root.ReadDir("/usr/src") // nothing there, nothing found
	for _, e := range entries {
		for _, suffix := range suffixes {
			if name, ok := strings.CutSuffix(e.Name(), suffix); ok && moduleName(name) == moduleName(pkg) {
				return filepath.Join("/usr/src", e.Name())
			}
		}
	}
	return ""
}

// attach adds what a tree's record does not keep: the package, the archive, and the documents.
func (f *Fetcher) attach(tree *Tree, pkg catalog.Package, archive string) {
	tree.Package, tree.Archive = &pkg, archive
	if tree.Origin == Archive && len(tree.Runtime.Paths) > 0 {
		tree.Runtime.Docs = findDocs(tree.Runtime.Root, pkg.Name.String())
	}
	if tree.Origin == Host {
		tree.Copyright, tree.Changelog = system{f.Root}.docs(pkg.Name.String())
	}
}

// docs returns for an installed package what the function docs returns for an opened one.
func (s system) docs(pkg string) (copyright, changelog string) {
	find := func(name string) string { return s.host(filepath.Join(docDir, pkg, name)) }
	return firstFile(copyrights, find), firstFile(changelogs, find)
}

// stamp changes when a file of the host does, without reading it.
func stamp(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%d bytes of %d", info.Size(), info.ModTime().UnixNano())
}
