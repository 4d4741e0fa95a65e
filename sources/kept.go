package sources

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mago/kbuild/deep"
)

// Kept is something in the cache that Get would bring again: an opened tree or a download.
type Kept struct {
	Name     string // the module's
	Owner    string // the source package, or whose tarballs they are
	Path     string
	Download bool
	Made     time.Time
	Bytes    int64
}

// Kept lists the complete trees and the downloads.
func (f *Fetcher) Kept() (all []Kept, err error) {
	err = f.eachPlace(func(owner, dir string) error {
		rec, err := readRecord(dir)
		made, failed := os.Stat(filepath.Join(dir, recordName))
		if err == nil && failed == nil { // else half-made, or another mago's
			all = append(all, Kept{Name: rec.Name, Owner: owner, Path: dir, Made: made.ModTime(), Bytes: deep.Size(dir)})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	debs, err := os.ReadDir(f.downloads())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, deb := range debs {
		owner, _, _ := strings.Cut(deb.Name(), "_")
		if info, err := deb.Info(); err == nil && strings.HasSuffix(deb.Name(), ".deb") {
			path := filepath.Join(f.downloads(), deb.Name())
			all = append(all, Kept{Name: moduleName(owner), Owner: owner, Path: path, Download: true, Made: info.ModTime(), Bytes: deep.Size(path)})
		}
	}
	return all, nil
}

// Remove removes one of these, unless KeepAll says not to; with KeepEdited it leaves a tree that somebody has edited, and gives
// false.
func (f *Fetcher) Remove(ctx context.Context, k Kept) (removed bool, err error) {
	if f.KeepEdited && !k.Download && f.edited(ctx, k.Path) != "" {
		return false, nil
	}
	_, err = f.remove(ctx, k.Owner, k.Path)
	return err == nil, err
}
