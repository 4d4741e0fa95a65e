package sources

import (
	"context"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"mago/catalog"
)

// recipes are the files that mark a directory as a module's source.
var recipes = []string{"dkms.conf", "debian/rules", "Kbuild", "Makefile"}

const recipeFiles = "dkms.conf, debian/rules, Kbuild or Makefile"

// findSource finds the source in the data of a package opened at dir, where its kind or else the other kind puts it, and
// returns its path relative to dir. Others are those that dkms would have, too, as the package has them.
func (o opener) findSource(ctx context.Context, dir string, pkg catalog.Package) (source string, others []string, err error) {
	tree := os.DirFS(dir)
	findDKMS := func(pattern string) func() (string, error) {
		return func() (found string, err error) {
			found, others, err = findDKMS(tree, pattern, pkg.Name.String())
			return found, err
		}
	}
	finders := []func() (string, error){
		findDKMS("usr/src/*/dkms.conf"),
		func() (string, error) { return o.findTarball(ctx, dir, pkg.Name.String()) },
		func() (string, error) { return findTop(tree, path.Join(dataDir, "usr/src"), pkg.Name.String()), nil },
	}
	if pkg.Kind == catalog.ModuleAssistant {
		finders = append(finders[1:], finders[0])
	}
	finders = append(finders, findDKMS("usr/src/*/*/dkms.conf"))
	for _, find := range finders {
		if found, err := find(); found != "" || err != nil {
			return found, others, err
		}
	}
	missing := &LayoutError{Source: pkg.Name.String() + " " + pkg.Version.String(), Want: "dkms.conf or tarball below usr/src", Package: pkg.Name.String()}
	return "", nil, openedAt(missing, filepath.Join(dir, dataDir))
}

// findDKMS finds the directory of dkms.conf, as dkms(8) has it: usr/src/<name>-<version>. The error is a *SeveralError where
// pkg does not decide between several.
func findDKMS(tree fs.FS, pattern, pkg string) (dir string, others []string, err error) {
	found, _ := fs.Glob(tree, path.Join(dataDir, pattern)) // the pattern is good
	var dirs []string
	for _, conf := range found {
		if isFile(tree, conf) {
			dirs = append(dirs, path.Dir(conf))
		}
	}
	dir = pick(dirs, pkg)
	for _, d := range dirs {
		if d != dir {
			others = append(others, strings.TrimPrefix(d, dataDir+"/"))
		}
	}
	if dir == "" && len(dirs) > 0 {
		return "", nil, &SeveralError{Package: pkg, Dirs: others}
	}
	return dir, others, nil
}

// findTarball opens the tarball that module-assistant packages install as usr/src/<name>.tar.<compression>.
func (o opener) findTarball(ctx context.Context, dir, pkg string) (string, error) {
	tree := os.DirFS(dir)
	tarballs, _ := fs.Glob(tree, path.Join(dataDir, "usr/src/*.tar*")) // the pattern is good
	tarball := pick(tarballs, pkg)
	at, err := fs.Stat(tree, tarball)
	if tarball == "" || err != nil || !at.Mode().IsRegular() {
		return "", nil
	}
	if _, _, err := o.unpackTarball(ctx, filepath.Join(dir, tarball), at, filepath.Join(dir, sourceDir)); err != nil {
		return "", err
	}
	top := findTop(tree, sourceDir, pkg)
	if top == "" {
		return "", openedAt(&LayoutError{Source: pkg + "'s " + path.Base(tarball), Want: recipeFiles}, filepath.Join(dir, sourceDir))
	}
	return top, nil
}

// findTop finds the directory that holds a recipe: below modules/, as module-assistant has it, top itself, or a directory
// right below.
func findTop(tree fs.FS, top, pkg string) string {
	if found := pick(sourcesIn(tree, path.Join(top, "modules")), pkg); found != "" {
		return found
	}
	if isSource(tree, top) {
		return top
	}
	return pick(sourcesIn(tree, top), pkg)
}

// sourcesIn lists the directories right below parent that hold a recipe.
func sourcesIn(tree fs.FS, parent string) []string {
	entries, _ := fs.ReadDir(tree, parent) // nothing there, nothing found
	var dirs []string
	for _, e := range entries {
		if dir := path.Join(parent, e.Name()); e.IsDir() && isSource(tree, dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// pick gives the only path or, of several, the only one named after pkg; "" where there is none.
func pick(paths []string, pkg string) string {
	if len(paths) == 1 {
		return paths[0]
	}
	var named []string
	for _, p := range paths {
		name, _ := splitVersion(trimTar(path.Base(p)))
		if moduleName(name) == moduleName(pkg) {
			named = append(named, p)
		}
	}
	if len(named) != 1 {
		return ""
	}
	return named[0]
}

func isSource(tree fs.FS, dir string) bool {
	for _, recipe := range recipes {
		if isFile(tree, path.Join(dir, recipe)) {
			return true
		}
	}
	return false
}

func isFile(tree fs.FS, name string) bool {
	info, err := fs.Stat(tree, name)
	return err == nil && info.Mode().IsRegular()
}
