package kernel

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	securejoin "github.com/cyphar/filepath-securejoin"

	"mago/debpkg/codec"
)

// Rooted is the directory that a file system is looked at under. Symbolic links are resolved inside it, as a program
// that is chrooted there would.
type Rooted string

func Under(root string) Rooted { return Rooted(filepath.Clean("/" + root)) }

// host is the path here of a file that is known by path in there.
func (r Rooted) Host(path string) (string, error) { return securejoin.SecureJoin(string(r), path) }

// inside is host's inverse.
func (r Rooted) Inside(host string) string {
	return filepath.Clean("/" + strings.TrimPrefix(host, string(r)))
}

// maxRead is, in bytes, many times the longest file that is read whole: a kernel's .config, a package's list of files.
const maxRead = 64 << 20

func (r Rooted) Read(path string) ([]byte, error) {
	file, err := r.Open(path)
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

func (r Rooted) Stat(path string) (os.FileInfo, error) {
	host, err := r.Host(path)
	if err != nil {
		return nil, err
	}
	return os.Stat(host)
}

// exists also sees a symbolic link that leads nowhere.
func (r Rooted) Exists(path string) bool {
	dir, err := r.Host(filepath.Dir(path))
	if err != nil {
		return false
	}
	_, err = os.Lstat(filepath.Join(dir, filepath.Base(path)))
	return err == nil
}

// names lists a directory; one that is not there has none.
func (r Rooted) Names(dir string) []string {
	host, err := r.Host(dir)
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

func (r Rooted) Open(path string) (*os.File, error) {
	host, err := r.Host(path)
	if err != nil {
		return nil, err
	}
	return os.Open(host)
}
