package sources

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"mago/catalog"
	"mago/debpkg"
	"mago/debpkg/codec"
	"mago/sources/untar"
	"mago/sources/way"
)

// The directories of an opened tree.
const (
	dataDir   = "data"   // what the .deb, or the tarball that was given, held
	sourceDir = "source" // what the tarball inside the .deb held
)

// opener opens archives into directories.
type opener struct{ limits untar.Limits }

// openDeb opens a package's verified .deb into the cache.
func (f *Fetcher) openDeb(ctx context.Context, pkg catalog.Package, deb string) (*Tree, error) {
	o := opener{f.Limits}
	tree, err := f.fill(ctx, pkg.Name.String(), pkg.Version.String(), func(dir string) (record, error) {
		return o.openPackage(ctx, record{Origin: Archive, SHA256: pkg.SHA256}, pkg, deb, dir)
	})
	if err != nil {
		return nil, err
	}
	f.attach(tree, pkg, deb)
	return tree, nil
}

// openPackage opens a package's .deb below dir and completes its record with what the package holds.
func (o opener) openPackage(ctx context.Context, rec record, pkg catalog.Package, deb, dir string) (record, error) {
	data := filepath.Join(dir, dataDir)
	stats, err := o.unpackDeb(ctx, deb, data)
	if err != nil {
		return rec, err
	}
	rec.Name, rec.Version, rec.LeftOut = moduleName(pkg.Name.String()), pkg.Version.String(), stats.LeftOut
	if rec.Dir, rec.Others, err = o.findSource(ctx, dir, pkg); err != nil {
		return rec, err
	}
	if err := bringIn(data, strings.TrimPrefix(rec.Dir, dataDir+"/")); err != nil {
		return rec, err
	}
	if rec.Runtime, err = findRuntime(data); err != nil {
		return rec, fmt.Errorf("look through what %s holds: %w", deb, err)
	}
	rec.Copyright, rec.Changelog = docs(dir, pkg.Name.String())
	rec.ModTime = wholeSecond(cmp.Or(changelogTime(below(dir, rec.Changelog)), stats.Newest))
	return rec, nil
}

// unpackDeb opens a .deb's data member into dir.
func (o opener) unpackDeb(ctx context.Context, deb, dir string) (untar.Stats, error) {
	r, err := debpkg.Open(deb)
	if err != nil {
		return untar.Stats{}, err
	}
	defer r.Close()
	data, err := r.Data()
	if err != nil {
		return untar.Stats{}, err
	}
	defer data.Close()
	return o.extract(ctx, data, dir, untar.Options{Archive: deb, Rooted: true})
}

// unpackTarball opens a tarball that was looked at before, compressed or not, into dir, and returns the hash of what it has
// read.
func (o opener) unpackTarball(ctx context.Context, tarball string, at os.FileInfo, dir string) (stats untar.Stats, sum string, err error) {
	file, err := way.OpenFile(tarball, at)
	if err != nil {
		return stats, "", err
	}
	defer file.Close()
	hash := sha256.New()
	read := io.TeeReader(codec.Until(ctx, file), hash)
	stream, _, err := codec.NewReader(read)
	if err != nil {
		return stats, "", &DamagedError{Archive: tarball, Err: err}
	}
	defer stream.Close()
	stats, err = o.extract(ctx, stream, dir, untar.Options{Archive: tarball})
	if err == nil {
		_, err = io.Copy(io.Discard, read) // what lies behind the archive's end
	}
	return stats, hex.EncodeToString(hash.Sum(nil)), err
}

func (o opener) extract(ctx context.Context, stream io.Reader, dir string, options untar.Options) (untar.Stats, error) {
	if err := untar.MakeDir(dir); err != nil {
		return untar.Stats{}, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return untar.Stats{}, err
	}
	defer root.Close()
	options.Limits = o.limits
	return untar.Extract(ctx, root, stream, options)
}
