package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"mago/cmd/mago/internal/store"
	"mago/sources/way"
)

// SharedError says that somebody else may change what lies in a place that mago has to rely on.
type SharedError struct {
	dir    string
	shared *way.Shared
	root   bool // whether mago is root
}

func (e *SharedError) Error() string {
	if e.root {
		return fmt.Sprintf("as root mago does not use %s: %s", e.dir, e.shared)
	}
	return fmt.Sprintf("root does not install packages from %s: %s", e.dir, e.shared)
}

func (e *SharedError) Hint(on System) string {
	if e.root {
		return `the user who built there installs without sudo: "mago install MODULE -S sudo"; or name a directory with -u that only root may change`
	}
	return "name another directory with -u, or close that one (chmod go-w)"
}

// CheckOwn has root keep its things, and take things from, where nobody else can put others in their place: what is in
// another user's cache (packages, records, opened sources) is that user's word, and so are the programs of a system that
// another user has made.
func (p Paths) CheckOwn(root string, asRoot bool) error {
	if !asRoot {
		return nil
	}
	if root != "/" {
		for _, dir := range []string{"usr/bin", "etc", "var/lib/dpkg", ""} {
			if err := checkShared(filepath.Join(root, dir), true); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	err := p.checkCache()
	if errors.Is(err, fs.ErrNotExist) {
		err = checkMissing(p.Cache)
	}
	return err
}

// checkCache looks at the cache and at what stands right below it.
func (p Paths) checkCache() error {
	if err := checkShared(p.Cache, true); err != nil {
		return err
	}
	names, err := os.ReadDir(p.Cache)
	for _, name := range names {
		if err := checkShared(filepath.Join(p.Cache, name.Name()), true); err != nil && !errors.Is(err, fs.ErrNotExist) { // gone meanwhile
			return err
		}
	}
	return err
}

// checkMissing looks at the directory that one which is not there would be made in. In one where everybody may make names
// it is made at once, before somebody else does.
func checkMissing(dir string) error {
	above := filepath.Dir(dir)
	err := checkShared(above, true)
	if errors.Is(err, fs.ErrNotExist) && above != dir {
		return checkMissing(above)
	}
	if shared := (*SharedError)(nil); !errors.As(err, &shared) {
		return err
	}
	if _, err := way.Make(dir); err != nil {
		return err
	}
	return checkShared(dir, true)
}

func checkShared(path string, root bool) error {
	w, err := way.Find(path)
	if err == nil && w.Shared != nil {
		err = &SharedError{path, w.Shared, root}
	}
	return err
}

// checkSudoCache: what root installs for an ordinary user (-S) no third one may have changed.
func (b *base) checkSudoCache() error {
	if b.host.AsRoot || b.DryRun {
		return nil
	}
	err := checkShared(b.Cache, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it is made by this user, whom checkDebs asks again
	}
	return err
}

// checkDebs looks at the very files that dpkg is to get: nobody else can change one from now on, neither by its path nor
// because it is open, and only then it is compared with its hash.
func (it *installer) checkDebs(built store.Record, debs []string) error {
	for _, deb := range debs {
		if err := checkClosed(deb, it.host.AsRoot); err != nil {
			return err
		}
	}
	if !it.store.IsWhole(built) {
		return it.notBuilt(built.Module, built.Kernel)
	}
	return nil
}

func checkClosed(deb string, root bool) error {
	w, err := way.Find(deb)
	switch {
	case err != nil:
		return err
	case w.Shared != nil:
		return &SharedError{deb, w.Shared, root}
	}
	return w.CheckUnwritten()
}
