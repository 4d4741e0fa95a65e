package modpkg

import (
	"strings"

	"mago/debpkg"
	"mago/kbuild/recipe"
)

// fileList is a package's files, and the first error of what was to be one.
type fileList struct {
	files []debpkg.File
	err   error
}

func (l *fileList) add(file debpkg.File, err error) {
	l.files = append(l.files, file)
	if l.err == nil {
		l.err = err
	}
}

// addPlain adds a file that everybody may read and only root may write to, whatever the modes are that it lies there with.
func (l *fileList) addPlain(file debpkg.File, err error) {
	file.Mode = 0o644
	l.add(file, err)
}

// addStaged adds a file or link of the package that a debian/rules made.
func (l *fileList) addStaged(f recipe.StagedFile) {
	if f.Link != "" {
		l.add(debpkg.File{Path: f.Path, Link: f.Link}, nil)
		return
	}
	file, err := debpkg.OnDisk(f.Path, f.File)
	file.Mode = f.Mode
	l.add(file, err)
}

// conffiles are the plain files below /etc, as debhelper marks them.
func (l *fileList) conffiles() (paths []string) {
	for _, f := range l.files {
		if strings.HasPrefix(f.Path, "/etc/") && f.Link == "" {
			paths = append(paths, f.Path)
		}
	}
	return paths
}
