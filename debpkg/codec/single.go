package codec

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/xi2/xz"
)

// errSecond refuses data after the end of the only stream.
var errSecond = errors.New("data follows the end of its first stream")

// NewSingleReader is NewReader for the members of a .deb. dpkg-deb reads the first stream only, of gzip all. Data after it is
// an error, because other readers would see another package.
func NewSingleReader(r io.Reader) (io.ReadCloser, Format, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	head, _ := br.Peek(6) // NewReader meets the error again
	switch Detect(head) {
	case Zstd:
		return NewReader(&frame{in: br})
	case Bzip2:
		return NewReader(&onlyBzip2{in: br})
	case XZ:
		x, err := xz.NewReader(br, xzDictionary)
		if err != nil {
			return nil, XZ, fmt.Errorf("%s stream: %w", XZ, limitOf(unexpected(err)))
		}
		x.Multistream(false)
		return guarded{io.NopCloser(onlyXZ{x})}, XZ, nil
	}
	return NewReader(br)
}

// onlyXZ accepts zeros after the stream, the format's padding (The .xz File Format, 2.2).
type onlyXZ struct{ *xz.Reader }

func (x onlyXZ) Read(p []byte) (int, error) {
	n, err := x.Reader.Read(p)
	if err == io.EOF && x.Reset(nil) != io.EOF {
		err = errSecond
	}
	return n, err
}

// onlyBzip2 passes on a stream and looks for the beginning of another one at each byte.
type onlyBzip2 struct {
	in   io.Reader
	seen bool
	last []byte // what was read before, as far as a beginning may reach back
}

// bzip2Begins follows BZh and a digit: a block, or the end of an empty stream.
var bzip2Begins = [][]byte{[]byte("1AY&SY"), []byte("\x17rE8P\x90")}

func (b *onlyBzip2) Read(p []byte) (int, error) {
	n, err := b.in.Read(p)
	text := append(b.last, p[:n]...)
	if !b.seen && n > 0 {
		b.seen, text = true, text[1:] // its own beginning is no second one
	}
	if slices.ContainsFunc(bzip2Begins, func(begin []byte) bool { return begins(text, begin) }) {
		return 0, errSecond
	}
	b.last = bytes.Clone(text[max(0, len(text)-9):])
	return n, err
}

func begins(text, begin []byte) bool {
	for {
		i := bytes.Index(text, begin)
		if i < 0 {
			return false
		}
		if i >= 4 && bytes.HasPrefix(text[i-4:], []byte("BZh")) {
			return true
		}
		text = text[i+1:]
	}
}

// frame passes on one zstd frame, whose blocks have their lengths (RFC 8878, 3.1.1).
type frame struct {
	in    *bufio.Reader
	left  int64 // bytes up to where the next length stands
	state func(*frame) error
	sum   bool // a checksum follows the blocks
}

func (f *frame) Read(p []byte) (int, error) {
	if f.state == nil {
		f.state = (*frame).header
	}
	for f.left == 0 {
		if err := f.state(f); err != nil {
			return 0, err
		}
	}
	n, err := f.in.Read(p[:min(int64(len(p)), f.left)])
	f.left -= int64(n)
	return n, err
}

// header is the magic number, the descriptor, and the fields that the descriptor announces.
func (f *frame) header() error {
	head, err := f.in.Peek(5)
	if err != nil {
		return unexpected(err)
	}
	d := head[4]
	single := d >> 5 & 1
	contents := []int64{int64(single), 2, 4, 8}[d>>6]
	f.left = 5 + int64(1-single) + []int64{0, 1, 2, 4}[d&3] + contents
	f.sum, f.state = d>>2&1 == 1, (*frame).block
	return nil
}

func (f *frame) block() error {
	head, err := f.in.Peek(3)
	if err != nil {
		return unexpected(err)
	}
	h := int64(head[0]) | int64(head[1])<<8 | int64(head[2])<<16
	size := h >> 3
	if h>>1&3 == 1 { // one byte, to be repeated
		size = 1
	}
	f.left = 3 + size
	if h&1 == 1 {
		if f.sum {
			f.left += 4
		}
		f.state = (*frame).end
	}
	return nil
}

func (f *frame) end() error {
	if _, err := f.in.Peek(1); err != nil {
		return err // io.EOF, as it should be
	}
	return errSecond
}
