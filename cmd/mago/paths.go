package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// paths is where mago keeps things; host paths all.
type paths struct {
	cache string // index.json, downloads/, trees/, and what follows
	dest  string // the packages
}

// newPaths puts root's things under /var/cache/mago, a user's where XDG has caches, and both below -u.
func newPaths(o options, asRoot bool) (paths, error) {
	cache := filepath.Join(o.Root, "/var/cache/mago")
	switch {
	case o.UserDir != "":
		dir, err := filepath.Abs(o.UserDir)
		if err != nil {
			return paths{}, err
		}
		cache = dir
	case !asRoot && o.Root == "/":
		dir, err := os.UserCacheDir()
		if err != nil {
			return paths{}, err
		}
		cache = filepath.Join(dir, "mago")
	}
	if o.Root != "/" && !strings.HasPrefix(cache+"/", o.Root+"/") {
		return paths{}, &usageError{fmt.Errorf("-u %s is outside of --root %s, where its apt could not write", cache, o.Root)}
	}
	p := paths{cache: cache, dest: filepath.Join(cache, "debs")}
	if o.Dest != "" {
		dest, err := filepath.Abs(o.Dest)
		if err != nil {
			return paths{}, err
		}
		p.dest = dest
	}
	return p, nil
}

// unitDir holds the records and the logs of one module for one kernel.
func (p paths) unitDir(module, release string) string {
	return filepath.Join(p.cache, "builds", module, release)
}

// work is where a unit is compiled; it exists only meanwhile.
func (p paths) work(module, release string) string {
	return filepath.Join(p.cache, "work", module+"_"+release)
}

// dirSize adds up the bytes of the regular files below a directory; 0 where there is none.
func dirSize(dir string) int64 {
	var size int64
	_ = filepath.WalkDir(dir, func(_ string, entry os.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			if info, err := entry.Info(); err == nil {
				size += info.Size()
			}
		}
		return nil
	})
	return size
}
