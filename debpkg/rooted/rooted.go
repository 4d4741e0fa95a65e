// Package rooted finds files below a directory that is taken for the root of a file system: an installer's target, a
// chroot that is being prepared, or "/" itself.
package rooted

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	securejoin "github.com/cyphar/filepath-securejoin"

	"mago/debpkg/codec"
)

// Root is that directory; "" is "/". Names are paths as a program sees them that is chrooted there, and symbolic links lead
// where they lead for that program. Somebody who may write below the root can change where a name leads at any time.
type Root string

// String is the directory's cleaned absolute path.
func (r Root) String() string { return filepath.Join("/", string(r)) }

// Path is where a name's file lies for this process. The last part's link is followed too; what is not there is no error.
func (r Root) Path(name string) (string, error) { return securejoin.SecureJoin(r.String(), name) }

// LinkPath is Path for a name whose own link is not followed.
func (r Root) LinkPath(name string) (string, error) {
	dir, base := filepath.Split(filepath.Join("/", name))
	at, err := r.Path(dir)
	return filepath.Join(at, base), err
}

// Inside is Path's inverse: the name of what lies at a path of this process. It fails for a path outside of the root.
func (r Root) Inside(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	name, err := filepath.Rel(r.String(), abs)
	if err != nil || !filepath.IsLocal(name) {
		return "", fmt.Errorf("%s is not inside the root %s", path, r)
	}
	return filepath.Join("/", name), nil
}

// Resolve is the name without links, and where its file lies for this process.
func (r Root) Resolve(name string) (resolved, path string, err error) {
	if path, err = r.Path(name); err == nil {
		resolved, err = r.Inside(path)
	}
	return resolved, path, err
}

// way is Path for what the kernel opens: in the root of everything it follows links as well as Path does, and sooner.
func (r Root) way(name string) (string, error) {
	if r.String() == "/" && filepath.IsAbs(name) {
		return name, nil
	}
	return r.Path(name)
}

// Open opens a file for reading. A named pipe does not hold it up.
func (r Root) Open(name string) (*os.File, error) {
	path, err := r.way(name)
	if err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

// maxRead is, in bytes, many times the longest file that is read whole: a kernel's .config, a package's list of files.
const maxRead = 64 << 20

// ReadFile reads a whole file, and fails with *codec.LimitError where it is longer than 64 MiB.
func (r Root) ReadFile(name string) ([]byte, error) {
	file, err := r.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(codec.Limit(file, maxRead))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file.Name(), err)
	}
	return text, nil
}

// ReadDir lists a directory in the order of names.
func (r Root) ReadDir(name string) ([]fs.DirEntry, error) {
	path, err := r.way(name)
	if err != nil {
		return nil, err
	}
	return os.ReadDir(path)
}

// Stat describes what a name leads to.
func (r Root) Stat(name string) (fs.FileInfo, error) {
	path, err := r.way(name)
	if err != nil {
		return nil, err
	}
	return os.Stat(path)
}

// Lstat describes a name itself, which may be a link that leads nowhere.
func (r Root) Lstat(name string) (fs.FileInfo, error) {
	path, err := r.LinkPath(name)
	if err != nil {
		return nil, err
	}
	return os.Lstat(path)
}
