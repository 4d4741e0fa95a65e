package sources

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"

	"mago/sources/way"
)

// tarSuffix is what a tarball's name has after the name and the version.
var tarSuffix = regexp.MustCompile(`\.(tar(\.[a-z0-9]+)?|t[gbx]z2?|tzst)$`)

func trimTar(base string) string { return tarSuffix.ReplaceAllString(base, "") }

// Local describes a directory as it is, or opens a tarball, however compressed, or a source package's .deb into the cache. It
// runs nothing of it. A .deb has its name and version from its control file, and Package. Of the others the
// name comes from the first of these that has one: literal assignments in dkms.conf, debian/changelog, debian/control, the one
// module that it builds, the directory's or tarball's own name ("hello-1.0"), and the same for the directory above. The
// version comes from the same place, else from MODULE_VERSION in its C sources, else it is "0"; it is made valid for Debian.
//
// Errors: *LayoutError where there is neither dkms.conf, debian/rules, Kbuild nor Makefile, *UnnamedError, *UnsafeError,
// *LimitError, *DamagedError.
func (f *Fetcher) Local(ctx context.Context, path string) (*Tree, error) {
	return f.LocalAs(ctx, path, "")
}

// LocalAs is Local with a name that the user gives; "" leaves the name to the source.
func (f *Fetcher) LocalAs(ctx context.Context, path, name string) (*Tree, error) {
	tree, err := f.local(ctx, path)
	if err != nil {
		return nil, err
	}
	if tree.Name = cmp.Or(name, tree.Own); tree.Name == "" {
		return nil, &UnnamedError{path}
	}
	return tree, nil
}

func (f *Fetcher) local(ctx context.Context, path string) (*Tree, error) {
	w, err := way.Find(path)
	switch {
	case err != nil:
		return nil, err
	case w.Info.IsDir():
		return localDirectory(w)
	case w.Info.Mode().IsRegular() && filepath.Ext(w.Path) != ".dsc":
		return f.localArchive(ctx, w)
	}
	return nil, &LayoutError{Source: w.Path, Want: "directory, tarball or .deb"}
}

// localDirectory reads a directory's facts, and follows no link out of it.
func localDirectory(w *way.Way) (*Tree, error) {
	root, err := w.Root()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if !isSource(root.FS(), ".") {
		return nil, (&LayoutError{Source: w.Path, Want: recipeFiles}).elsewhere(root)
	}
	tree := &Tree{Origin: Directory, Dir: w.Path, Private: isPrivate(w.Info), at: w.Info, ModTime: treeTime(entryTime(startIn(root, debianChangelog)))}
	above := aboveOf(w)
	defer above.close()
	tree.Own, tree.Version = identify(spot{root, ownBase(w.Path)}, above)
	copyright, changelog := debianDocs(root)
	tree.Copyright, tree.Changelog = below(w.Path, copyright), below(w.Path, changelog)
	return tree, nil
}

// aboveOf is the directory above a source. It is read only where the same user owns it and alone may write to it.
func aboveOf(w *way.Way) spot {
	dir := filepath.Dir(w.Path)
	above := spot{base: ownBase(dir)}
	if above.base == "" {
		return above
	}
	if up, err := way.Find(dir); err == nil && up.Path == dir && sameOwner(w.Info, up.Info) {
		above.root, _ = up.Root() // what cannot be read says nothing
	}
	return above
}

func sameOwner(a, b os.FileInfo) bool {
	return a.Sys().(*syscall.Stat_t).Uid == b.Sys().(*syscall.Stat_t).Uid && b.Mode()&0o022 == 0
}

func isPrivate(info os.FileInfo) bool { return info.Mode()&0o004 == 0 }

// IsClosed reports whether nobody but root and this process's user can change anything of a tree.
func (t *Tree) IsClosed() (bool, error) {
	root, err := t.Open()
	if err != nil {
		return false, err
	}
	defer root.Close()
	shared, err := way.SharedIn(root, t.Dir)
	return shared == nil, err
}

// localArchive opens a tarball or a .deb once; the hash of its contents is its path in the cache.
func (f *Fetcher) localArchive(ctx context.Context, w *way.Way) (*Tree, error) {
	archive := w.Path
	sum, err := hashAt(ctx, archive, w.Info)
	if err != nil {
		return nil, err
	}
	if err := f.closeTarballs(); err != nil {
		return nil, err
	}
	cached := func() (*Tree, error) {
		if tree, rec, err := f.read(localOwner, sum); err == nil && rec.Stamp == stampOf(archive) {
			return tree, nil
		}
		return nil, nil
	}
	o := opener{f.Limits}
	open := o.openTarball
	if isDeb(w) {
		open = o.openLocalDeb
	}
	tree, err := f.once(ctx, localOwner, cached, func() (*Tree, error) {
		rec := record{Origin: Tarball, SHA256: sum, Stamp: stampOf(archive)}
		return f.fill(ctx, localOwner, sum, func(dir string) (record, error) { return open(ctx, rec, archive, w.Info, dir) })
	})
	if err != nil {
		return nil, err
	}
	tree.Archive, tree.Private = archive, isPrivate(w.Info)
	if tree.Package != nil && len(tree.Runtime.Paths) > 0 {
		tree.Runtime.Docs = findDocs(tree.Runtime.Root, tree.Package.Name.String())
	}
	return tree, nil
}

var errChanged = errors.New("it was changed while it was read")

// stampOf returns the parts of a tarball's path that may have named the module.
func stampOf(tarball string) string {
	return filepath.Join(ownBase(filepath.Dir(tarball)), filepath.Base(tarball))
}

// openTarball opens a tarball below dir and completes its record with what the tarball says.
func (o opener) openTarball(ctx context.Context, rec record, tarball string, at os.FileInfo, dir string) (record, error) {
	stats, sum, err := o.unpackTarball(ctx, tarball, at, filepath.Join(dir, sourceDir))
	if err == nil && sum != rec.SHA256 { // it is somebody's file, who may put another one in its place
		err = &DamagedError{Archive: tarball, Err: errChanged}
	}
	if err != nil {
		return rec, err
	}
	if rec.Dir = findTop(os.DirFS(dir), sourceDir, cmp.Or(rec.Name, trimTar(filepath.Base(tarball)))); rec.Dir == "" {
		missing := openedAt(&LayoutError{Source: tarball, Want: recipeFiles, Archive: tarball}, filepath.Join(dir, sourceDir))
		if len(missing.Dirs) != 1 {
			return rec, missing
		}
		rec.Dir = filepath.Join(sourceDir, missing.Dirs[0])
	}
	top, err := os.OpenRoot(filepath.Join(dir, rec.Dir))
	if err != nil {
		return rec, err
	}
	defer top.Close()
	name, version := identify(spots(top, rec.Dir, tarball))
	rec.Name, rec.Version = cmp.Or(rec.Name, name), cmp.Or(rec.Version, version)
	copyright, changelog := debianDocs(top)
	rec.Copyright, rec.Changelog = below(rec.Dir, copyright), below(rec.Dir, changelog)
	rec.ModTime = wholeSecond(cmp.Or(rec.ModTime, entryTime(startIn(top, debianChangelog)), stats.Newest))
	rec.LeftOut = stats.LeftOut
	return rec, nil
}

// spots are the directories that may name a tarball's source at dir: its directory in the tarball, the tarball, and the
// tarball's directory
func spots(top *os.Root, dir, tarball string) (inside, above spot) {
	var bases []string
	for ; dir != sourceDir; dir = filepath.Dir(dir) {
		bases = append(bases, filepath.Base(dir))
	}
	bases = append(bases, trimTar(filepath.Base(tarball)), ownBase(filepath.Dir(tarball)))
	bases = slices.DeleteFunc(bases, func(base string) bool { return isGeneric(splitBase(base).name) && splitBase(base).version == "" })
	bases = append(bases, "", "")
	return spot{top, bases[0]}, spot{base: bases[1]}
}
