package sources

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"

	"mago/kbuild/deep"
)

// bringIn puts a package's files in the place of links to them that lead out of its source, which is all that a build has. It
// does so below data, where the package is opened; source is the source's directory there.
func bringIn(data, source string) error {
	root, err := os.OpenRoot(data)
	if err != nil {
		return err
	}
	defer root.Close()
	if !isDir(root, source) { // it came out of a tarball, and is all there is
		return nil
	}
	return fs.WalkDir(root.FS(), source, deep.Bounded(func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Type() != fs.ModeSymlink {
			return err
		}
		target, err := root.Readlink(name)
		if err != nil {
			return err
		}
		target = path.Join(path.Dir(name), target)
		if info, err := root.Lstat(target); err != nil || !info.Mode().IsRegular() || strings.HasPrefix(target, source+"/") {
			return nil
		}
		return errors.Join(root.Remove(name), root.Link(target, name))
	}))
}

func isDir(root *os.Root, name string) bool {
	info, err := root.Lstat(name)
	return err == nil && info.IsDir()
}
