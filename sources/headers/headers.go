// Package headers keeps packages of kernels' headers opened in a cache, each once, whatever kernels share it. They are fetched by
// apt, verified, and installed nowhere.
//
// The cache:
//
//	<package>_<version>_<architecture>/package.json  what the package is
//	<package>_<version>_<architecture>/data          what it holds
//
// A directory has its name once it is whole. Unfinished work has that name with tempPrefix; if nobody holds the
// package's lock, a killed process left it.
package headers

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"mago/debpkg/apt"
	"mago/debpkg/rooted"
	"mago/kbuild/deep"
	"mago/sources/lock"
)

// Cache is a directory of opened packages.
type Cache struct {
	Dir   string
	Root  rooted.Root           // the system whose apt is meant
	Run   func(*exec.Cmd) error // see apt.Downloader
	Locks lock.Locks

	Unauthenticated bool // see apt.Downloader
}

// Package is an opened package.
type Package struct {
	Name, Version, Architecture string
	SHA256                      string // of its .deb, in hexadecimal
	Depends                     string
	Sums                        string // the SHA-256 of its list of MD5 sums, which dpkg would keep; "" where it has none
	Data                        string `json:"-"` // the directory that stands for the system's root
}

const (
	tempPrefix = ".tmp-"
	recordName = "package.json"
	dataDir    = "data"
)

// id is the name of a package's directory.
func id(deb apt.Deb) string {
	name := strings.Join([]string{deb.Name.String(), deb.Version.String(), deb.Architecture.String()}, "_")
	return strings.ReplaceAll(name, ":", "%3a")
}

func (c Cache) place(deb apt.Deb) string { return filepath.Join(c.Dir, id(deb)) }

// temp is the directory of unfinished work on a package.
func (c Cache) temp(id string) string { return filepath.Join(c.Dir, tempPrefix+id) }

func (p Package) id() string { return filepath.Base(filepath.Dir(p.Data)) }

// Find gives a package that is here, opened from that very .deb.
func (c Cache) Find(deb apt.Deb) (Package, bool) {
	p, err := read(c.place(deb))
	return p, err == nil && p.SHA256 == deb.SHA256
}

// At is the package that a directory of Package.Data is of.
func At(data string) (Package, error) { return read(filepath.Dir(data)) }

// read reads what a package's directory says of it.
func read(dir string) (Package, error) {
	var p Package
	text, err := os.ReadFile(filepath.Join(dir, recordName))
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	p.Data = filepath.Join(dir, dataDir)
	return p, err
}

// List gives the packages that are here, in the order of their directories' names.
func (c Cache) List() ([]Package, error) {
	entries, err := os.ReadDir(c.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var all []Package
	for _, e := range entries {
		if p, err := read(filepath.Join(c.Dir, e.Name())); err == nil && !strings.HasPrefix(e.Name(), tempPrefix) {
			all = append(all, p)
		}
	}
	return all, err
}

// Hold keeps packages as they are until it is released. The error is fs.ErrNotExist where one has been removed.
func (c Cache) Hold(ctx context.Context, packages ...Package) (release func(), err error) {
	var things []lock.Thing
	for _, p := range packages {
		t := thing(p.id(), "read")
		t.Shared = true
		things = append(things, t)
	}
	release, err = c.Locks.Take(ctx, things...)
	if err != nil {
		return nil, err
	}
	if gone := slices.IndexFunc(packages, func(p Package) bool { _, err := os.Stat(p.Data); return err != nil }); gone >= 0 {
		release()
		return nil, &fs.PathError{Op: "open", Path: packages[gone].Data, Err: fs.ErrNotExist}
	}
	return release, nil
}

// thing is what the lock of a package keeps.
func thing(id, doing string) lock.Thing {
	return lock.Thing{Name: "_headers_" + id, What: "the package " + id + " in the cache", Doing: doing}
}

// Remove removes a package once nobody reads it, and says how many bytes of the disk its files took.
func (c Cache) Remove(ctx context.Context, p Package) (freed int64, err error) {
	release, err := c.Locks.Take(ctx, thing(p.id(), "removed"))
	if err != nil {
		return 0, err
	}
	defer release()
	dir := filepath.Dir(p.Data)
	freed = deep.Size(dir)
	temp := c.temp(p.id())
	if err := errors.Join(deep.Remove(temp), os.Rename(dir, temp)); err != nil { // a kill leaves no half of it
		return 0, err
	}
	return freed, deep.Remove(temp)
}

// sweep removes what killed processes left.
func (c Cache) sweep(ctx context.Context) {
	left, _ := filepath.Glob(c.temp("*"))
	for _, temp := range left {
		l := c.Locks
		l.Limit = lock.AtOnce
		if release, err := l.Take(ctx, thing(strings.TrimPrefix(filepath.Base(temp), tempPrefix), "swept")); err == nil {
			_ = deep.Remove(temp) // or the next one does
			release()
		}
	}
}
