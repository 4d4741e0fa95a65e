package kernel

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"mago/debpkg/codec"
	"mago/debpkg/lazy"
	"mago/kbuild/foreign"
	"mago/kbuild/sandbox"
)

// headers are a directory of a kernel's files: its build directory, or the half that is common to several.
type headers struct {
	in  files
	dir string // inside of that
}

// files are where names of a kernel's files lead: a system's root, or Opened.
type files interface {
	Resolve(name string) (resolved, host string, err error) // see rooted.Root
	Stat(name string) (fs.FileInfo, error)
	Lstat(name string) (fs.FileInfo, error)
}

// maxHeader is, in bytes, many times the longest file of a kernel's headers that is read whole: its .config.
const (
	maxHeader  = 4 << 20
	maxSymvers = 64 << 20 // a kernel's has some 2 MB
)

// read reads a whole file.
func (h headers) read(name string) ([]byte, error) {
	file, err := h.open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(codec.Limit(file, maxHeader))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Join(h.dir, name), err)
	}
	return text, nil
}

// open opens a regular file below the directory. Where that is not root's, links out of it lead to what everybody may read of
// the system at most: whose it is could have files read that he may not read himself.
func (h headers) open(name string) (*os.File, error) {
	j, err := h.hold()
	if err != nil {
		return nil, err
	}
	defer j.dir.Close()
	file, err := foreign.OpenRegular(j.dir, name)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	info, err := j.dir.Lstat(name)
	if err == nil && info.Mode().Type()&^fs.ModeSymlink != 0 {
		return nil, &HeaderFileError{filepath.Join(h.dir, name), "is not a regular file"}
	}
	return h.openElsewhere(name, j.owner)
}

// openElsewhere follows the links of a file whose directory belongs to owner.
func (h headers) openElsewhere(name string, owner uint32) (*os.File, error) {
	path := filepath.Join(h.dir, name)
	host, err := h.elsewhere(name, owner)
	if err != nil {
		return nil, err
	}
	above, err := os.OpenRoot(filepath.Dir(host))
	if err != nil {
		return nil, err
	}
	defer above.Close()
	file, err := foreign.OpenRegular(above, filepath.Base(host))
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && owner != 0 && info.Mode()&0o004 == 0 {
		err = &HeaderFileError{path, "leads to a file that not everybody may read"}
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// elsewhere is the host path that a name leads to.
func (h headers) elsewhere(name string, owner uint32) (host string, err error) {
	path := filepath.Join(h.dir, name)
	resolved, host, err := h.in.Resolve(path)
	if err == nil && owner != 0 && !sandbox.IsSystem(resolved) {
		err = &HeaderFileError{path, "leads out of its directory, which is not root's"}
	}
	return host, err
}

// check opens the files that mago or kbuild reads: they are not to wait in one, or to read without an end.
func (h headers) check() error {
	for name, limit := range map[string]int64{
		"Makefile": maxHeader, ".config": maxHeader, ".kernelvariables": maxHeader, utsrelease: maxHeader, "include/generated/autoconf.h": maxHeader,
		"include/config/auto.conf": maxHeader, "Module.symvers": maxSymvers,
	} {
		file, err := h.open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		info, err := file.Stat()
		if err == nil && info.Size() > limit {
			err = fmt.Errorf("%s: %w", filepath.Join(h.dir, name), &codec.LimitError{What: "bytes", Max: limit})
		}
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
	}
	return nil
}

// lackingExports says what a kernel's Module.symvers lacks for modules to be linked against it, "" where nothing: a kernel that
// was built without modules leaves it empty, and one whose programs did not run here without CRCs.
func (h headers) lackingExports(config Config) (string, error) {
	file, err := h.open("Module.symvers")
	if err != nil {
		return "", err
	}
	defer file.Close()
	const sample = 64 << 10 // some 1000 symbols
	text, err := io.ReadAll(io.LimitReader(file, sample))
	switch {
	case err != nil:
		return "", fmt.Errorf("read %s: %w", filepath.Join(h.dir, "Module.symvers"), err)
	case len(bytes.TrimSpace(text)) == 0:
		return "symbols: Module.symvers is empty", nil
	case config["CONFIG_MODVERSIONS"] == "y" && !checksum().Match(text):
		return "CRCs: Module.symvers has none, and CONFIG_MODVERSIONS=y", nil
	}
	return "", nil
}

// checksum matches a symbol's CRC. Some symbols of assembly have none.
var checksum = lazy.Regexp(`(?m)^0x0*[1-9a-fA-F]`)

// has reports whether the directory holds a name.
func (h headers) has(name string) bool {
	_, err := h.in.Lstat(filepath.Join(h.dir, name))
	return err == nil
}

// openDir opens a directory below this one by the rules of open.
func (h headers) openDir(name string) (*os.Root, error) {
	j, err := h.hold()
	if err != nil {
		return nil, err
	}
	defer j.dir.Close()
	dir, err := j.dir.OpenRoot(name)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return dir, err
	}
	host, err := h.elsewhere(name, j.owner)
	if err != nil {
		return nil, err
	}
	return os.OpenRoot(host)
}
