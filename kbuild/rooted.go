package kbuild

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	securejoin "github.com/cyphar/filepath-securejoin"

	"mago/debpkg/codec"
)

// rooted is the directory that a file system is looked at under. Symbolic links are resolved inside it, as a program
// that is chrooted there would.
type rooted string

func newRooted(root string) rooted { return rooted(filepath.Clean("/" + root)) }

// host is the path here of a file that is known by path in there.
func (r rooted) host(path string) (string, error) { return securejoin.SecureJoin(string(r), path) }

// inside is host's inverse.
func (r rooted) inside(host string) string {
	return filepath.Clean("/" + strings.TrimPrefix(host, string(r)))
}

// maxRead is, in bytes, many times the longest file that is read whole: a kernel's .config, a package's list of files.
const maxRead = 64 << 20

func (r rooted) read(path string) ([]byte, error) {
	file, err := r.open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(codec.Limit(file, maxRead))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return text, nil
}

func (r rooted) stat(path string) (os.FileInfo, error) {
	host, err := r.host(path)
	if err != nil {
		return nil, err
	}
	return os.Stat(host)
}

// exists also sees a symbolic link that leads nowhere.
func (r rooted) exists(path string) bool {
	dir, err := r.host(filepath.Dir(path))
	if err != nil {
		return false
	}
	_, err = os.Lstat(filepath.Join(dir, filepath.Base(path)))
	return err == nil
}

// names lists a directory; one that is not there has none.
func (r rooted) names(dir string) []string {
	host, err := r.host(dir)
	if err != nil {
		return nil
	}
	entries, _ := os.ReadDir(host)
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return names
}

func (r rooted) open(path string) (*os.File, error) {
	host, err := r.host(path)
	if err != nil {
		return nil, err
	}
	return os.Open(host)
}
