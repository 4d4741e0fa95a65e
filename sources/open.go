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
	"time"

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
		newest, err := o.unpackDeb(ctx, deb, filepath.Join(dir, dataDir))
		if err != nil {
			return record{}, err
		}
		rec := record{Name: moduleName(pkg.Name.String()), Version: pkg.Version.String(), Origin: Archive, SHA256: pkg.SHA256}
		if rec.Dir, err = o.findSource(ctx, dir, pkg); err != nil {
			return record{}, err
		}
		if rec.Runtime, err = findRuntime(filepath.Join(dir, dataDir)); err != nil {
			return record{}, fmt.Errorf("look through what %s holds: %w", deb, err)
		}
		rec.Copyright, rec.Changelog = docs(dir, pkg.Name.String())
		rec.ModTime = wholeSecond(cmp.Or(changelogTime(below(dir, rec.Changelog)), newest))
		return rec, nil
	})
	if err != nil {
		return nil, err
	}
	f.attach(tree, pkg, deb)
	return tree, nil
}

// unpackDeb opens a .deb's data member into dir.
func (o opener) unpackDeb(ctx context.Context, deb, dir string) (newest time.Time, err error) {
	r, err := debpkg.Open(deb)
	if err != nil {
		return time.Time{}, err
	}
	defer r.Close()
	data, err := r.Data()
	if err != nil {
		return time.Time{}, err
	}
	defer data.Close()
	stats, err := o.extract(ctx, data, dir, untar.Options{Archive: deb, Rooted: true})
	return stats.Newest, err
}

// unpackTarball opens a tarball that was looked at before, compressed or not, into dir, and returns the hash of what it has
// read.
func (o opener) unpackTarball(ctx context.Context, tarball string, at os.FileInfo, dir string) (newest time.Time, sum string, err error) {
	file, err := way.OpenFile(tarball, at)
	if err != nil {
		return time.Time{}, "", err
	}
	defer file.Close()
	hash := sha256.New()
	read := io.TeeReader(codec.Until(ctx, file), hash)
	stream, _, err := codec.NewReader(read)
	if err != nil {
		return time.Time{}, "", &DamagedError{Archive: tarball, Err: err}
	}
	defer stream.Close()
	stats, err := o.extract(ctx, stream, dir, untar.Options{Archive: tarball})
	if err == nil {
		_, err = io.Copy(io.Discard, read) // what lies behind the archive's end
	}
	return stats.Newest, hex.EncodeToString(hash.Sum(nil)), err
}

func (o opener) extract(ctx context.Context, stream io.Reader, dir string, options untar.Options) (untar.Stats, error) {
	if err := makeDir(dir); err != nil {
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
