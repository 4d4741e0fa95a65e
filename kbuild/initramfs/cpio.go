package initramfs

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strconv"
)

// The format is cpio's "newc", and the same with checksums; the kernel takes no other.
const (
	magic     = "070701"
	summed    = "070702"
	headSize  = 110 // the magic number, and 13 fields of eight hexadecimal digits
	sizeField = 6
	nameField = 11
	maxName   = 4096 // the kernel's PATH_MAX
	trailer   = "TRAILER!!!"
)

func isArchive(head []byte) bool {
	return bytes.HasPrefix(head, []byte(magic)) || bytes.HasPrefix(head, []byte(summed))
}

// list calls each with the names of one archive's entries.
func list(in *bufio.Reader, each func(string)) error {
	for {
		name, size, err := entry(in)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil || name == trailer {
			return err
		}
		each(name)
		if err := skip(in, size+padding(size)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
}

// entry reads an entry up to its contents.
func entry(in *bufio.Reader) (name string, size int64, err error) {
	var head [headSize]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return "", 0, err
	}
	if !isArchive(head[:]) {
		return "", 0, fmt.Errorf("no entry begins with %q", head[:len(magic)])
	}
	length, err := field(head, nameField)
	if err == nil {
		size, err = field(head, sizeField)
	}
	if err != nil {
		return "", 0, err
	}
	if length < 1 || length > maxName {
		return "", 0, fmt.Errorf("a name of %d bytes", length)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(in, text); err != nil {
		return "", 0, err
	}
	text, _, ended := bytes.Cut(text, []byte{0})
	if !ended {
		return "", 0, fmt.Errorf("a name without an end: %q", text)
	}
	return string(text), size, skip(in, padding(headSize+length))
}

func field(head [headSize]byte, n int) (int64, error) {
	at := len(magic) + 8*n
	return strconv.ParseInt(string(head[at:at+8]), 16, 64)
}

// padding is what follows on so many bytes: names and contents begin at multiples of four.
func padding(size int64) int64 { return -size & 3 }

// skip reads on; an image that ends there is cut off.
func skip(in *bufio.Reader, n int64) error {
	skipped, err := io.CopyN(io.Discard, in, n)
	if err == io.EOF && skipped < n {
		return io.ErrUnexpectedEOF
	}
	return err
}
