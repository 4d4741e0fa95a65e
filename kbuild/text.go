package kbuild

import (
	"fmt"
	"io"
	"os"
)

// longError says that a file is longer than any of its kind is.
type longError struct{ limit int }

func (e *longError) Error() string { return fmt.Sprintf("longer than %d bytes", e.limit) }

// readText reads a foreign file that is meant to be read by people, without being held up or led out of root by what
// stands in its place; limit is in bytes.
func readText(root *os.Root, path string, limit int) ([]byte, error) {
	file, err := openRegular(root, path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return textIn(file, limit)
}

// textIn reads an opened file that readText would open.
func textIn(file io.Reader, limit int) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(file, int64(limit)+1))
	if err == nil && len(text) > limit {
		err = &longError{limit}
	}
	return text, err
}
