package sources

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"mago/kbuild/deep"
)

// Unpacked is an opened tree in the cache.
type Unpacked struct {
	Name    string // the module's
	Version string // the source package's
	Package string // the source package, "" for the user's own tarballs
	Origin  Origin
	Dir     string // where the module's source lies
}

// Unpacked lists the complete trees in the cache, ordered by package and version directory.
func (f *Fetcher) Unpacked() ([]Unpacked, error) {
	var trees []Unpacked
	err := f.eachPlace(func(owner, dir string) error {
		rec, err := readRecord(dir)
		if err != nil {
			return nil // half-made, or another mago's
		}
		u := Unpacked{Name: rec.Name, Version: rec.Version, Package: owner, Origin: rec.Origin, Dir: filepath.Join(dir, rec.Dir)}
		if owner == localOwner {
			u.Package = ""
		}
		trees = append(trees, u)
		return nil
	})
	return trees, err
}

// Freed is what Clean or Purge has removed, or with KeepAll would remove.
type Freed struct {
	Trees, Downloads int
	Bytes            int64    // that files took of the disk
	Edited           []string // the modules whose opened trees stay because somebody has edited them; see KeepEdited
}

// Clean removes the opened trees of a module or source package, of the tarball with the SHA-256 name, or all where name is "".
// It waits for their readers.
func (f *Fetcher) Clean(ctx context.Context, name string) (freed Freed, err error) {
	if !f.KeepAll {
		if err := f.sweep(); err != nil {
			return freed, err
		}
	}
	err = f.eachPlace(func(owner, dir string) error {
		if !f.named(name, owner, dir) {
			return nil
		}
		if f.KeepEdited {
			if module := f.edited(ctx, dir); module != "" {
				freed.Edited = append(freed.Edited, module)
				return nil
			}
		}
		n, err := f.remove(ctx, owner, dir)
		freed.Bytes += n
		if err == nil {
			freed.Trees++
		}
		return err
	})
	return freed, err
}

// edited returns the module's name where its tree differs from what was opened.
func (f *Fetcher) edited(ctx context.Context, dir string) string {
	rec, err := readRecord(dir)
	if err != nil {
		return ""
	}
	if changed := (*EditedError)(nil); errors.As(rec.tree(dir).Check(ctx), &changed) {
		return rec.Name
	}
	return ""
}

// Purge removes what Clean does and the downloaded .debs as well.
func (f *Fetcher) Purge(ctx context.Context, name string) (freed Freed, err error) {
	freed, err = f.Clean(ctx, name)
	if err != nil {
		return freed, err
	}
	debs, err := os.ReadDir(f.downloads())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return freed, err
	}
	for _, deb := range debs {
		owner, _, _ := strings.Cut(deb.Name(), "_")
		if !strings.HasSuffix(deb.Name(), ".deb") || name != "" && name != owner && name != moduleName(owner) {
			continue
		}
		n, err := f.remove(ctx, owner, filepath.Join(f.downloads(), deb.Name()))
		freed.Bytes += n
		if err != nil {
			return freed, err
		}
		freed.Downloads++
	}
	return freed, nil
}

// named reports whether Clean's name matches the tree at dir.
func (f *Fetcher) named(name, owner, dir string) bool {
	if name == "" || name == owner || owner != localOwner && name == moduleName(owner) || owner == localOwner && name == filepath.Base(dir) {
		return true
	}
	rec, err := readRecord(dir)
	return err == nil && rec.Name == name
}

// remove removes a tree or a download under its owner's lock.
func (f *Fetcher) remove(ctx context.Context, owner, path string) (freed int64, err error) {
	if f.KeepAll {
		return deep.Size(path), nil
	}
	unlock, err := f.lock(ctx, owner, "removed")
	if err != nil {
		return 0, err
	}
	defer unlock()
	freed = deep.Size(path)
	if err := discard(path); err != nil {
		return 0, fmt.Errorf("remove %s: %w", path, err)
	}
	if dir := filepath.Dir(path); dir != f.downloads() { // where others may be at work, under other locks
		err = os.Remove(dir)
	}
	if errors.Is(err, syscall.ENOTEMPTY) {
		err = nil
	}
	return freed, err
}

// eachPlace calls do for every tree in the cache, complete or not.
func (f *Fetcher) eachPlace(do func(owner, dir string) error) error {
	owners, err := os.ReadDir(f.trees())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, owner := range owners {
		versions, err := os.ReadDir(filepath.Join(f.trees(), owner.Name()))
		if err != nil {
			return err
		}
		for _, v := range versions {
			if strings.HasPrefix(v.Name(), tempPrefix) {
				continue
			}
			if err := do(owner.Name(), filepath.Join(f.trees(), owner.Name(), v.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
