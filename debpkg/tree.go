package debpkg

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"
)

// tree gives the files with the directories above them, sorted so that every directory comes before what it holds.
func tree(files []File) ([]File, error) {
	known := make(map[string]File, len(files))
	for _, f := range files {
		if err := checkFile(f); err != nil {
			return nil, err
		}
		if _, twice := known[f.Path]; twice {
			return nil, fmt.Errorf("pack %s: given twice", f.Path)
		}
		known[f.Path] = f
	}
	for _, f := range files {
		if err := addParents(known, f.Path); err != nil {
			return nil, err
		}
	}
	sorted := make([]File, 0, len(known))
	for _, f := range known {
		sorted = append(sorted, f)
	}
	slices.SortFunc(sorted, func(a, b File) int { return strings.Compare(a.member(), b.member()) })
	return sorted, nil
}

func addParents(known map[string]File, name string) error {
	for dir := name; dir != "/"; {
		dir = path.Dir(dir)
		parent, ok := known[dir]
		switch {
		case !ok:
			known[dir] = File{Path: dir, Mode: fs.ModeDir | 0o755}
		case !parent.Mode.IsDir():
			return fmt.Errorf("pack %s: %s is not a directory", name, dir)
		}
	}
	return nil
}

func checkFile(f File) error {
	switch {
	case !strings.HasPrefix(f.Path, "/") || path.Clean(f.Path) != f.Path:
		return fmt.Errorf("pack %q: not a clean absolute path", f.Path)
	case f.Path == "/" && !f.Mode.IsDir():
		return errors.New("pack /: not as a directory")
	case strings.ContainsFunc(f.Path+f.Link, unicode.IsControl):
		return fmt.Errorf("pack %q: control character in a name", f.Path)
	case f.Mode&^(fs.ModePerm|fs.ModeDir) != 0:
		return fmt.Errorf("pack %s: mode %v is more than permissions", f.Path, f.Mode)
	case f.Mode.IsDir() && f.Link != "":
		return fmt.Errorf("pack %s: both directory and symbolic link", f.Path)
	case !f.Mode.IsDir() && f.Link == "" && f.Open == nil:
		return fmt.Errorf("pack %s: no contents", f.Path)
	}
	return nil
}

// member is the file's name in data.tar, as dpkg-deb writes it.
func (f File) member() string {
	if f.Mode.IsDir() && f.Path != "/" {
		return "." + f.Path + "/"
	}
	return "." + f.Path
}

// installedSize counts as dpkg-gencontrol does (Policy 5.6.20, deb-substvars(5)): in KiB, files and links
// rounded up, everything else as one.
func installedSize(files []File) int64 {
	var kib int64
	for _, f := range files {
		switch {
		case f.Mode.IsDir():
			kib++
		case f.Link != "":
			kib += (int64(len(f.Link)) + 1023) / 1024
		default:
			kib += (f.Size + 1023) / 1024
		}
	}
	return kib
}
