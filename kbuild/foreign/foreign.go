// Package foreign reads files that foreign programs have made.
package foreign

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"mago/debpkg/visible"
)

// LongError says that a file is longer than any of its kind is.
type LongError struct{ limit int }

func (e *LongError) Error() string { return fmt.Sprintf("longer than %d bytes", e.limit) }

// ReadText reads a foreign file that is meant to be read by people, without being held up or led out of root by what
// stands in its place; limit is in bytes.
func ReadText(root *os.Root, path string, limit int) ([]byte, error) {
	file, err := OpenRegular(root, path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return TextIn(file, limit)
}

// TextIn reads an opened file that ReadText would open.
func TextIn(file io.Reader, limit int) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(file, int64(limit)+1))
	if err == nil && len(text) > limit {
		err = &LongError{limit}
	}
	return text, err
}

// OpenRegular opens a file that foreign programs made; a named pipe in its place must not hold mago up.
func OpenRegular(root *os.Root, path string) (*os.File, error) {
	file, err := root.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", visible.Line(path))
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}
