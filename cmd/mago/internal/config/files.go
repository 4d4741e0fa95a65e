package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"mago/catalog"
	"mago/debpkg/rooted"
	"mago/debpkg/word"
	"mago/sources/way"
)

// Dir is a directory with mago.conf, mago.conf.d and modules, none of which has to be there.
type Dir struct {
	Root rooted.Root
	Path string // inside
}

// Read reads the files of directories, of which a later one counts more, as does a later file of mago.conf.d. Root takes none
// that somebody else may change.
func Read(asRoot bool, dirs ...Dir) *Config {
	r := &reader{asRoot: asRoot, Config: &Config{modules: map[string][]Setting{}}}
	for _, d := range dirs {
		r.noteNear(d)
		r.general = append(r.general, r.file(d.Root, filepath.Join(d.Path, "mago.conf"), false)...)
		for _, file := range r.list(d.Root, filepath.Join(d.Path, "mago.conf.d")) {
			r.general = append(r.general, r.file(d.Root, file, false)...)
		}
		for _, file := range r.list(d.Root, filepath.Join(d.Path, "modules")) {
			r.module(d.Root, file)
		}
	}
	return r.Config
}

// reader reads the files.
type reader struct {
	asRoot bool
	*Config
}

// list names the .conf files of a directory, inside, in the order of their names.
func (r *reader) list(root rooted.Root, dir string) (files []string) {
	entries, err := root.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case errors.Is(err, fs.ErrPermission) && !r.asRoot:
		r.Closed = append(r.Closed, filepath.Join(root.String(), dir))
	case err != nil:
		r.mistake(filepath.Join(root.String(), dir), err)
	}
	for _, e := range entries {
		switch file := filepath.Join(dir, e.Name()); {
		case strings.HasPrefix(e.Name(), "."):
		case strings.HasSuffix(e.Name(), ".conf"):
			files = append(files, file)
		case isAside(e.Name()):
		default:
			r.unread(filepath.Join(root.String(), file), "its name does not end in .conf")
		}
	}
	return files
}

// module reads the file of one module, which has its name.
func (r *reader) module(root rooted.Root, file string) {
	base := filepath.Base(file)
	name := strings.TrimSuffix(base, ".conf")
	settings := r.file(root, file, true)
	if _, err := word.ParseName(name); err != nil {
		r.mistake(filepath.Join(root.String(), file), fmt.Errorf("it is named after no module: %w", err))
	} else if own := catalog.ModuleName(name); own != name {
		r.mistake(filepath.Join(root.String(), file), fmt.Errorf("the module is called %s: name the file %s.conf", own, own))
	}
	r.modules[name] = append(r.modules[name], settings...)
	r.ofModules = append(r.ofModules, moduleFile{name, filepath.Join(root.String(), file)})
}

// file reads a file; nil where there is none.
func (r *reader) file(root rooted.Root, name string, module bool) []Setting {
	shown := filepath.Join(root.String(), name)
	file, err := r.open(root, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, fs.ErrPermission) && !r.asRoot:
		r.Closed = append(r.Closed, shown)
		return nil
	case err != nil:
		r.mistake(shown, err)
		return nil
	}
	defer file.Close()
	r.Files = append(r.Files, shown)
	settings, mistakes := parse(file, shown, module)
	r.Mistakes = append(r.Mistakes, mistakes...)
	return settings
}

func (r *reader) mistake(file string, err error) {
	if inner := (*fs.PathError)(nil); errors.As(err, &inner) {
		err = inner.Err
	}
	r.Mistakes = append(r.Mistakes, &Mistake{File: file, Err: err})
}

// open opens a file that nobody but root may change, where root reads it.
func (r *reader) open(root rooted.Root, name string) (*os.File, error) {
	path, err := root.Path(name)
	if err != nil {
		return nil, err
	}
	w, err := way.Find(path)
	switch {
	case err != nil:
		return nil, err
	case !w.Info.Mode().IsRegular():
		return nil, errors.New("it is not a file")
	case r.asRoot && w.Shared != nil:
		return nil, &SharedError{*w.Shared, w.Path == w.Shared.Dir}
	}
	return way.OpenFile(w.Path, w.Info)
}
