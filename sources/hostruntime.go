package sources

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"mago/catalog"
	"mago/debpkg/apt"
)

// runtime returns what an installed package has beside the source in /usr/src. It fails where dpkg's records of it cannot
// be read, and leaves out files that are not there.
func (s system) runtime(pkg catalog.Package) (Runtime, error) {
	if pkg.Installed.IsZero() {
		return Runtime{}, nil
	}
	status, err := apt.ReadStatus(s.root)
	if err != nil {
		return Runtime{}, err
	}
	installed, _ := status.Installed(pkg.Name.String())
	files, err := installed.Files(s.root)
	if err != nil {
		return Runtime{}, fmt.Errorf("read dpkg's list of the files of %s: %w", pkg.Name, err)
	}
	edited, obsolete := installed.CheckConffiles(s.root)
	r := Runtime{Root: s.root.String()}
	for _, path := range files {
		switch {
		case isDoc(path, pkg.Name.String()) && r.isFile(path):
			r.Docs = append(r.Docs, path)
		case isAboutSource(path), slices.Contains(obsolete, path):
		case slices.Contains(edited, path):
			r.Edited = append(r.Edited, path)
		case r.isFile(path) || r.isLink(path) && !s.isDir(path):
			r.Paths = append(r.Paths, path)
		}
	}
	slices.Sort(r.Paths)
	slices.Sort(r.Docs)
	return r, nil
}

func (r Runtime) isFile(path string) bool { return r.mode(path).IsRegular() }

func (r Runtime) isLink(path string) bool { return r.mode(path).Type() == fs.ModeSymlink }

// mode is a file's mode, that of a directory where there is none.
func (r Runtime) mode(path string) fs.FileMode {
	if disk, err := r.OnDisk(path); err == nil {
		if info, err := os.Lstat(disk); err == nil {
			return info.Mode()
		}
	}
	return fs.ModeDir
}

// isDir reports whether a path is a directory or a link to one, as /lib may be.
func (s system) isDir(path string) bool {
	info, err := s.root.Stat(path)
	return err == nil && info.IsDir()
}

func isAboutSource(path string) bool {
	return slices.ContainsFunc(aboutSource, func(dir string) bool {
		return path == "/"+dir || strings.HasPrefix(path, "/"+dir+"/")
	})
}
