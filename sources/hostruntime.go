package sources

import (
	"os"
	"slices"
	"strings"

	"mago/catalog"
	"mago/debpkg"
)

// hostRuntime is what an installed package brought beside the source that lies in /usr/src. A file that cannot be looked at is
// as good as not there.
func (f *Fetcher) hostRuntime(pkg catalog.Package) Runtime {
	if pkg.Installed.IsZero() {
		return Runtime{}
	}
	name := pkg.Name.String()
	files, err := debpkg.Installed{Package: name, Architecture: pkg.Architecture.String()}.Files(f.Root)
	if err != nil {
		return Runtime{}
	}
	edited, err := debpkg.EditedConffiles(f.Root, name)
	if err != nil {
		return Runtime{}
	}
	r := Runtime{Root: f.host("/")}
	for _, path := range files {
		info, err := os.Lstat(f.host(path))
		switch {
		case isAboutSource(path):
		case slices.Contains(edited, path):
			r.Edited = append(r.Edited, path)
		case err == nil && (info.Mode().IsRegular() || info.Mode().Type() == os.ModeSymlink && !f.isDir(path)):
			r.Paths = append(r.Paths, path)
		}
	}
	slices.Sort(r.Paths)
	return r
}

// isDir reports whether a path is a directory, if by a link, as /lib may be.
func (f *Fetcher) isDir(path string) bool {
	info, err := os.Stat(f.host(path))
	return err == nil && info.IsDir()
}

func isAboutSource(path string) bool {
	return slices.ContainsFunc(aboutSource, func(dir string) bool {
		return path == "/"+dir || strings.HasPrefix(path, "/"+dir+"/")
	})
}
