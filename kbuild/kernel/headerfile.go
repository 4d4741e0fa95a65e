package kernel

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"mago/debpkg/codec"
	"mago/kbuild/foreign"
	"mago/kbuild/sandbox"
)

// HeaderFileError says that a file of a kernel's headers is not one that is read.
type HeaderFileError struct {
	Path string // inside the root
	Why  string
}

func (e *HeaderFileError) Error() string { return fmt.Sprintf("kernel headers: %s %s", e.Path, e.Why) }

// maxHeader is, in bytes, many times the longest file of a kernel's headers that is read whole: its .config.
const (
	maxHeader  = 4 << 20
	maxSymvers = 64 << 20 // a kernel's has some 2 MB
)

// header reads a file of a kernel's headers that lie in dir.
func (r Rooted) header(dir, name string) ([]byte, error) {
	file, err := r.openHeader(dir, name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(codec.Limit(file, maxHeader))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Join(dir, name), err)
	}
	return text, nil
}

// Open opens a regular file of the kernel's headers.
func (k Kernel) Open(root, name string) (*os.File, error) {
	return Under(root).openHeader(k.Headers, name)
}

// openHeader opens a regular file below dir. Where that is not root's, links out of it lead to what everybody may read of the
// system at most: whose it is could have files read that he may not read himself.
func (r Rooted) openHeader(dir, name string) (*os.File, error) {
	j, err := r.judge(dir)
	if err != nil {
		return nil, err
	}
	defer j.dir.Close()
	file, err := foreign.OpenRegular(j.dir, name)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	path := filepath.Join(dir, name)
	info, err := j.dir.Lstat(name)
	if err == nil && info.Mode().Type()&^fs.ModeSymlink != 0 {
		return nil, &HeaderFileError{path, "is not a regular file"}
	}
	return r.openElsewhere(path, j.owner)
}

// openElsewhere follows the links of a file whose directory belongs to owner.
func (r Rooted) openElsewhere(path string, owner uint32) (*os.File, error) {
	host, err := r.Host(path)
	if err != nil {
		return nil, err
	}
	if owner != 0 && !sandbox.IsSystem(r.Inside(host)) {
		return nil, &HeaderFileError{path, "leads out of its directory, which is not root's"}
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

// checkHeaders opens the files of headers that mago or kbuild reads: they are not to wait in one, or to read without an end.
func (r Rooted) checkHeaders(dir string) error {
	for name, limit := range map[string]int64{
		"Makefile": maxHeader, ".config": maxHeader, ".kernelvariables": maxHeader, utsrelease: maxHeader, "include/generated/autoconf.h": maxHeader,
		"include/config/auto.conf": maxHeader, "Module.symvers": maxSymvers,
	} {
		file, err := r.openHeader(dir, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		info, err := file.Stat()
		if err == nil && info.Size() > limit {
			err = fmt.Errorf("%s: %w", filepath.Join(dir, name), &codec.LimitError{What: "bytes", Max: limit})
		}
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
	}
	return nil
}
