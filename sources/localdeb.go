package sources

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"

	"mago/catalog"
	"mago/debpkg"
	"mago/debpkg/codec"
	"mago/sources/way"
)

// isDeb tells a .deb by how each of them begins (deb(5)).
func isDeb(w *way.Way) bool {
	file, err := way.OpenFile(w.Path, w.Info)
	if err != nil {
		return false
	}
	defer file.Close()
	begin := make([]byte, len(debMagic))
	_, err = io.ReadFull(file, begin)
	return err == nil && string(begin) == debMagic
}

const debMagic = "!<arch>\ndebian-binary"

// openLocalDeb opens a .deb of the user's below dir and completes its record with what it holds. None of its scripts runs.
func (o opener) openLocalDeb(ctx context.Context, rec record, deb string, at os.FileInfo, dir string) (record, error) {
	held := filepath.Join(dir, "given.deb")
	sum, err := holdFile(ctx, deb, at, held)
	defer os.Remove(held)
	if err == nil && sum != rec.SHA256 {
		err = &DamagedError{Archive: deb, Err: errChanged}
	}
	if err != nil {
		return rec, err
	}
	pkg, err := packageIn(held)
	if err == nil {
		rec.Package = &pkg
		rec, err = o.openPackage(ctx, rec, pkg, held, dir)
	}
	return rec, ofFile(err, deb)
}

// holdFile copies a file that was looked at before, which its owner may change meanwhile, and returns the copy's SHA-256.
func holdFile(ctx context.Context, path string, at os.FileInfo, to string) (sum string, err error) {
	in, err := way.OpenFile(path, at)
	if err != nil {
		return "", err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, hash), codec.Until(ctx, in))
	return hex.EncodeToString(hash.Sum(nil)), errors.Join(err, out.Close())
}

func packageIn(deb string) (catalog.Package, error) {
	r, err := debpkg.Open(deb)
	if err != nil {
		return catalog.Package{}, err
	}
	defer r.Close()
	return catalog.PackageOf(r.Control())
}

// ofFile has an error name the file that the user gave.
func ofFile(err error, deb string) error {
	var layout *LayoutError
	var several *SeveralError
	var unsafe *UnsafeError
	var limit *LimitError
	var damaged *DamagedError
	var format *debpkg.FormatError
	switch {
	case errors.As(err, &layout):
		layout.Archive = deb
	case errors.As(err, &several):
		several.Archive = deb
	case errors.As(err, &unsafe):
		unsafe.Archive = deb
	case errors.As(err, &limit):
		limit.Archive = deb
	case errors.As(err, &damaged):
		damaged.Archive = deb
	case errors.As(err, &format):
		format.Path = deb
	}
	return err
}
