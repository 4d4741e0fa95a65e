package recipe

import (
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"mago/debpkg/rooted"
	"mago/kbuild/deep"
	"mago/kbuild/sandbox"
)

// patchesDir is where the patches of a source lie, and those of an administrator.
const patchesDir = "patches"

// additions lists an administrator's own files for a module, by their paths below /etc/dkms/NAME, in their order (dkms 3.4):
// all of patches/, which is laid over the source's, and executables, which stand for the source's scripts of their names. What
// not everybody may read is closed: any source can call itself NAME.
func additions(root, name string) (files, closed []string, err error) {
	top := filepath.Join(settingsDir, name)
	dir, err := rooted.Root(root).Path(top)
	if err != nil {
		return nil, nil, err
	}
	err = filepath.WalkDir(dir, deep.Bounded(func(file string, entry fs.DirEntry, err error) error {
		below, _ := filepath.Rel(dir, file)
		switch {
		case errors.Is(err, fs.ErrNotExist) && file == dir:
			return nil
		case errors.Is(err, fs.ErrPermission):
			closed = append(closed, below)
			return nil
		case err != nil:
			return err
		}
		info, err := rooted.Root(root).Stat(filepath.Join(top, below))
		switch counts := err == nil && info.Mode().IsRegular() && (strings.HasPrefix(below, patchesDir+"/") || info.Mode()&0o111 != 0); {
		case counts && isForBuilds(root, filepath.Join(top, below)):
			files = append(files, below)
		case counts:
			closed = append(closed, below)
		}
		return nil
	}))
	return files, closed, err
}

// addition reads one of the administrator's files.
func (b *dkmsBuild) addition(file string) ([]byte, error) {
	return rooted.Root(b.Root).ReadFile(path.Join(settingsDir, b.conf.Name, file))
}

// add puts the administrator's patches and build scripts into the build directory.
func (b *dkmsBuild) add() error {
	for _, file := range b.added {
		script := file == b.script("POST_ADD") || file == b.script("PRE_BUILD") || file == b.script("POST_BUILD")
		if !script && !strings.HasPrefix(file, patchesDir+"/") {
			continue
		}
		mode := fs.FileMode(0o644)
		if script {
			mode = 0o755
		}
		b.Log.Note("%s is the administrator's: it goes before the source's", path.Join(settingsDir, b.conf.Name, file))
		text, err := b.addition(file)
		if err == nil {
			err = b.place(filepath.Join(b.build, file), text, mode)
		}
		if err != nil {
			return err
		}
	}
	if len(b.added) == 0 {
		return nil
	}
	return b.Sandbox.Own(b.dir)
}

// checkEnvironment warns of a build_environment that counts for nothing.
func (b *dkmsBuild) checkEnvironment() {
	if file := b.conf.Environment(); file != "" && !isForBuilds(b.Root, file) {
		b.Warn("build_environment names %s, which builds cannot read; nothing is taken from it", file)
	}
}

// isForBuilds reports whether a path leads to a file that every build can read. Of another one mago learns nothing either: a
// dkms.conf can have its evaluation name what it likes, such as a file of root's.
func isForBuilds(root, file string) bool {
	const others, search = 0o004, 0o001
	resolved, _, err := rooted.Root(root).Resolve(file)
	if err != nil || !sandbox.IsSystem(resolved) {
		return false
	}
	info, err := rooted.Root(root).Lstat(resolved)
	if err != nil || !info.Mode().IsRegular() || info.Mode()&others == 0 {
		return false
	}
	for dir := filepath.Dir(resolved); dir != "/"; dir = filepath.Dir(dir) {
		if info, err := rooted.Root(root).Lstat(dir); err != nil || info.Mode()&search == 0 {
			return false
		}
	}
	return true
}

// script is the file that a directive names, below the source.
func (b *dkmsBuild) script(directive string) string {
	script, _ := b.conf.Hook(directive)
	return strings.TrimPrefix(path.Clean("/"+script), "/")
}

// place writes a file in the place of whatever the source had there.
func (b *dkmsBuild) place(file string, text []byte, mode fs.FileMode) error {
	if err := b.files.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := b.remove(file); err != nil {
		return err
	}
	return b.files.WriteFile(file, text, mode)
}
