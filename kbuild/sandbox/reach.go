package sandbox

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Closed looks for the directory that keeps the sandbox's user from a work directory, by its host path, or from dirs inside
// the root; it gives a *ReachError, or nil where permissions keep it from nothing.
func (r Sandbox) Closed(work string, dirs ...string) error {
	if !r.Drop {
		return nil
	}
	paths := []string{work}
	for _, dir := range dirs {
		paths = append(paths, r.host(dir))
	}
	for _, path := range paths {
		for _, way := range []string{filepath.Clean(path), realPath(path)} {
			if closed := r.closedOn(way); closed != "" {
				return &ReachError{User: r.UserName, Path: path, Closed: closed}
			}
		}
	}
	return nil
}

// closedOn is the first directory on the way to a path that the user may not search, "" if there is none.
func (r Sandbox) closedOn(path string) string {
	for i := range len(path) + 1 {
		if i < len(path) && path[i] != '/' {
			continue
		}
		if dir := path[:i]; dir != "" && r.entered(dir) && !r.maySearch(dir) {
			return dir
		}
	}
	return ""
}

// entered reports whether a program in the sandbox comes by a directory: one that is chrooted begins at the root.
func (r Sandbox) entered(dir string) bool {
	if r.Kind == Bubblewrap {
		return true
	}
	root := r.host("/")
	return root == "/" || dir == root || strings.HasPrefix(dir, root+"/")
}

// maySearch goes by the permission bits (path_resolution(7)); a directory that is not there keeps nobody out.
func (r Sandbox) maySearch(dir string) bool {
	info, err := os.Stat(dir)
	if err != nil {
		return true
	}
	stat := info.Sys().(*syscall.Stat_t)
	var search fs.FileMode = 0o001
	switch {
	case stat.Uid == r.UID:
		search = 0o100
	case stat.Gid == r.GID:
		search = 0o010
	}
	return info.Mode()&search != 0
}
