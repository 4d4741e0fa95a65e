package sources

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"mago/debpkg/codec"
	"mago/debpkg/rooted"
	"mago/kbuild/deep"
)

// Runtime is what a source package installs for its modules at work, beside their source and its own documents: modprobe.d and
// udev rules, hooks of initramfs-tools, libraries.
type Runtime struct {
	Root  string   // directory that stands for the target's /
	Paths []string // absolute on the target, in order; files and symbolic links

	Docs   []string // plain files of the package's directory of documents but for copyright and changelogs; absolute, in order
	Edited []string // conffiles of a package that is installed, which are not there as it brought them, and not in Paths
}

// OnDisk is the path of a file or link on disk: links among its directories are followed inside Root.
func (r Runtime) OnDisk(name string) (string, error) {
	return rooted.Root(r.Root).LinkPath(name)
}

// aboutSource are directories for the source package or for compiling, not for the modules.
var aboutSource = []string{"usr/src", "usr/include", "usr/share/doc", "usr/share/lintian", "usr/share/bug", "usr/share/metainfo", "usr/share/dkms"}

// maxRuntime is a hundred times what Debian's packages have.
const maxRuntime = 10_000

// findRuntime searches a package's data at dir.
func findRuntime(dir string) (paths []string, err error) {
	err = fs.WalkDir(os.DirFS(dir), ".", deep.Bounded(func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && slices.Contains(aboutSource, name):
			return fs.SkipDir
		case !e.IsDir() && len(paths) == maxRuntime:
			return &codec.LimitError{What: "files beside a package's source", Max: maxRuntime}
		case !e.IsDir():
			paths = append(paths, path.Join("/", name))
		}
		return nil
	}))
	return paths, err
}

// runtime is that of the tree at dir.
func (r record) runtime(dir string) Runtime {
	if len(r.Runtime) == 0 {
		return Runtime{}
	}
	return Runtime{Root: filepath.Join(dir, dataDir), Paths: r.Runtime}
}
