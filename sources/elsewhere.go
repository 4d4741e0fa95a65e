package sources

import (
	"cmp"
	"io/fs"
	"os"
	"path"
	"strings"
)

// The bounds of a look through what is not a module's source at its top.
const (
	mostPlaces   = 12 // that somebody reads of
	mostLevels   = 7
	mostNames    = 100_000
	documentsDir = "usr/share/doc"
)

// elsewhere adds to the error what in a directory, or in a package that is opened there, could be built instead.
func (e *LayoutError) elsewhere(root *os.Root) *LayoutError {
	if e.Dirs = placesIn(root, holdsModule); len(e.Dirs) == 0 && e.Package != "" {
		e.Dirs = placesIn(root, isTarball)
	}
	e.First = firstCommand(root)
	return e
}

// openedAt is the error of an archive that is opened at dir.
func openedAt(e *LayoutError, dir string) *LayoutError {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return e
	}
	defer root.Close()
	return e.elsewhere(root)
}

// placesIn lists what is wanted below a directory, but nothing inside of that.
func placesIn(root *os.Root, wanted func(root *os.Root, name string, entry fs.DirEntry) bool) (found []string) {
	names := 0
	_ = fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		names++
		switch {
		case names > mostNames, len(found) == mostPlaces:
			return fs.SkipAll
		case err != nil:
			return fs.SkipDir // what cannot be read holds nothing
		case name == ".":
			return nil
		case wanted(root, name, entry):
			found = append(found, name)
		case !entry.IsDir():
			return nil
		case entry.Name() != ".git" && name != documentsDir && strings.Count(name, "/") < mostLevels:
			return nil
		}
		if entry.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
	return found
}

func isTarball(_ *os.Root, name string, entry fs.DirEntry) bool {
	return entry.Type().IsRegular() && tarSuffix.MatchString(name)
}

// holdsModule reports whether a directory has a dkms.conf, or a file for kbuild that names objects.
func holdsModule(root *os.Root, name string, entry fs.DirEntry) bool {
	if !entry.IsDir() {
		return false
	}
	if isFile(root.FS(), path.Join(name, "dkms.conf")) {
		return true
	}
	text := cmp.Or(startIn(root, path.Join(name, "Kbuild")), startIn(root, path.Join(name, "Makefile")))
	for line := range strings.Lines(text) {
		if objects.MatchString(strings.TrimRight(line, "\n")) {
			return true
		}
	}
	return false
}

// preparations are files of sources that make their Makefile first, and the commands that do it, the surest first.
var preparations = []struct{ file, command string }{
	{"configure", "./configure"},
	{"autogen.sh", "./autogen.sh && ./configure"},
	{"bootstrap", "./bootstrap && ./configure"},
	{"configure.ac", "autoreconf -fi && ./configure"},
	{"configure.in", "autoreconf -fi && ./configure"},
	{"CMakeLists.txt", "cmake ."},
	{"makefile", "ln -s makefile Makefile"},
	{"GNUmakefile", "ln -s GNUmakefile Makefile"},
}

// firstCommand is what gives a directory without a Makefile one, "" for nothing known.
func firstCommand(root *os.Root) string {
	for _, p := range preparations {
		if isFile(root.FS(), p.file) {
			return p.command
		}
	}
	return ""
}
