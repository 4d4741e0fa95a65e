package sources

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"

	"mago/debpkg/word"
	"mago/sources/way"
)

// tarSuffix is what a tarball's name has after the name and the version.
var tarSuffix = regexp.MustCompile(`\.(tar(\.[a-z0-9]+)?|t[gbx]z2?|tzst)$`)

func trimTar(base string) string { return tarSuffix.ReplaceAllString(base, "") }

// Local describes a directory as it stands, or opens a tarball, compressed in whatever way, into the cache. Nothing
// in it is run: the name and version are those a dkms.conf assigns literally, else those of debian/changelog, else those
// of the directory's or tarball's own name ("hello-1.0"), else the MODULE_VERSION of its C sources, else "0", turned into
// what Debian's tools accept.
//
// Errors: *LayoutError where there is neither dkms.conf, debian/rules, Kbuild nor Makefile, *UnsafeError, *LimitError,
// *DamagedError.
func (f *Fetcher) Local(ctx context.Context, path string) (*Tree, error) {
	w, err := way.Find(path)
	switch {
	case err != nil:
		return nil, err
	case w.Info.IsDir():
		return localDirectory(w)
	case w.Info.Mode().IsRegular():
		return f.localTarball(ctx, w)
	}
	return nil, &LayoutError{w.Path, "directory or tarball"}
}

// localDirectory reads what a directory says of itself, and follows no link out of it.
func localDirectory(w *way.Way) (*Tree, error) {
	root, err := w.Root()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if !isSource(root.FS(), ".") {
		return nil, &LayoutError{w.Path, recipeFiles}
	}
	tree := &Tree{Origin: Directory, Dir: w.Path, Private: isPrivate(w.Info), at: w.Info, ModTime: treeTime(entryTime(startIn(root, debianChangelog)))}
	tree.Name, tree.Version = identify(root, filepath.Base(w.Path))
	copyright, changelog := debianDocs(root)
	tree.Copyright, tree.Changelog = below(w.Path, copyright), below(w.Path, changelog)
	return tree, nil
}

func isPrivate(info os.FileInfo) bool { return info.Mode()&0o004 == 0 }

// localTarball opens a tarball once; the hash of what is in it is its place in the cache.
func (f *Fetcher) localTarball(ctx context.Context, w *way.Way) (*Tree, error) {
	tarball := w.Path
	sum, err := hashAt(ctx, tarball, w.Info)
	if err != nil {
		return nil, err
	}
	if err := f.closeTarballs(); err != nil {
		return nil, err
	}
	cached := func() (*Tree, bool) {
		tree, rec, err := f.read(localOwner, sum)
		return tree, err == nil && rec.Stamp == filepath.Base(tarball) // which may have named the module
	}
	tree, err := f.once(ctx, localOwner, cached, func() (*Tree, error) {
		rec := record{Origin: Tarball, SHA256: sum, Stamp: filepath.Base(tarball)}
		return f.fill(ctx, localOwner, sum, func(dir string) (record, error) { return f.openTarball(ctx, rec, tarball, w.Info, dir) })
	})
	if err != nil {
		return nil, err
	}
	tree.Archive, tree.Private = tarball, isPrivate(w.Info)
	return tree, nil
}

// openTarball opens a tarball below dir and completes its record: what the record lacks is what the tarball says.
func (f *Fetcher) openTarball(ctx context.Context, rec record, tarball string, at os.FileInfo, dir string) (record, error) {
	newest, sum, err := f.unpackTarball(ctx, tarball, at, filepath.Join(dir, sourceDir))
	if err == nil && sum != rec.SHA256 { // it is somebody's file, who may put another one in its place
		err = &DamagedError{Archive: tarball, Err: errors.New("it was changed while it was read")}
	}
	if err != nil {
		return rec, err
	}
	base := trimTar(filepath.Base(tarball))
	if rec.Dir = findTop(os.DirFS(dir), sourceDir, cmp.Or(rec.Name, base)); rec.Dir == "" {
		return rec, &LayoutError{tarball, recipeFiles}
	}
	if rec.Dir != sourceDir {
		base = filepath.Base(rec.Dir)
	}
	top, err := os.OpenRoot(filepath.Join(dir, rec.Dir))
	if err != nil {
		return rec, err
	}
	defer top.Close()
	name, version := identify(top, base)
	rec.Name, rec.Version = cmp.Or(rec.Name, name), cmp.Or(rec.Version, version)
	copyright, changelog := debianDocs(top)
	rec.Copyright, rec.Changelog = below(rec.Dir, copyright), below(rec.Dir, changelog)
	rec.ModTime = wholeSecond(cmp.Or(rec.ModTime, entryTime(startIn(top, debianChangelog)), newest))
	return rec, nil
}

// identify names the module in a directory, whose own name is base or that of the archive it came in.
func identify(dir *os.Root, base string) (name, version string) {
	name, version = dkmsFacts(startIn(dir, "dkms.conf"))
	entry, _ := firstEntry(startIn(dir, debianChangelog))
	baseName, baseVersion := splitVersion(base)
	name = firstName(name, entry.Source, baseName)
	if debian, err := word.ParseVersion(entry.Version.String()); version == "" && err == nil {
		return name, debian.String()
	}
	if version = cmp.Or(version, baseVersion); version == "" {
		version = moduleVersion(dir)
	}
	return name, firstVersion(version, baseVersion)
}

// firstName is the first of what strangers call a source that can become a name of mago's.
func firstName(names ...string) string {
	for _, name := range names {
		if fit, err := word.ParseName(moduleName(name)); err == nil {
			return fit.String()
		}
	}
	return "module"
}

// firstVersion is the same for versions.
func firstVersion(versions ...string) string {
	for _, version := range versions {
		if fit, err := word.ParseVersion(upstreamVersion(version)); err == nil {
			return fit.String()
		}
	}
	return "0"
}
