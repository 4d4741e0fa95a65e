package sources

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"mago/debpkg/codec"
)

// maxDoc is how many bytes of a changelog or copyright are read; the longest of Debian's modules has 200 kB.
const maxDoc = 4 << 20

// ReadDoc reads the tree's Copyright or Changelog, decompressed. It follows no link out of a local directory.
func (t *Tree) ReadDoc(path string) ([]byte, error) {
	file, err := t.openDoc(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	stream, _, err := codec.NewReader(file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	defer stream.Close()
	text, err := io.ReadAll(io.LimitReader(stream, maxDoc))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return text, nil
}

func (t *Tree) openDoc(path string) (*os.File, error) {
	rel, err := filepath.Rel(t.Dir, path)
	if err != nil || !filepath.IsLocal(rel) {
		return os.Open(path) // of the package, which lies beside the source
	}
	root, err := t.Open()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.OpenFile(rel, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe may have taken its place
}
