// Package codec opens the compressed streams that Debian uses: apt's lists, the members of a .deb, source tarballs.
// It recognises a stream by its first bytes, never by a file's name.
package codec

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/xi2/xz"
)

// Format names a compression as dpkg-deb's -Z does; "none" is an uncompressed stream.
type Format string

// The formats that NewReader opens.
const (
	None  Format = "none"
	Gzip  Format = "gzip"
	Bzip2 Format = "bzip2"
	XZ    Format = "xz"
	LZMA  Format = "lzma"
	LZ4   Format = "lz4"
	Zstd  Format = "zstd"
)

// zstdWindow bounds the memory a zstd frame may ask for; it is zstd's own limit for decoding without --long.
const zstdWindow = 128 << 20

var magics = []struct {
	format Format
	magic  []byte
}{
	{Gzip, []byte{0x1f, 0x8b}},
	{Bzip2, []byte("BZh")},
	{XZ, []byte{0xfd, '7', 'z', 'X', 'Z', 0}},
	{LZ4, []byte{0x04, 0x22, 0x4d, 0x18}},
	{Zstd, []byte{0x28, 0xb5, 0x2f, 0xfd}},
	{LZMA, []byte{0x5d, 0x00, 0x00}},
}

// ErrNoXZ says that a .lzma stream was met where the xz program, the only decoder of it, is missing.
var ErrNoXZ = errors.New("reading .lzma needs the xz program (package xz-utils)")

// Detect names the format of the stream that begins with head; six bytes are enough.
func Detect(head []byte) Format {
	for _, m := range magics {
		if bytes.HasPrefix(head, m.magic) {
			return m.format
		}
	}
	return None
}

// NewReader decodes r and says which format it was in. The caller closes the reader, and r itself.
// A stream that ends early gives io.ErrUnexpectedEOF or the decoder's error, never a silent end.
func NewReader(r io.Reader) (io.ReadCloser, Format, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	head, err := br.Peek(6)
	if err != nil && err != io.EOF {
		return nil, "", err
	}
	format := Detect(head)
	rc, err := decode(br, format)
	if err != nil {
		return nil, format, fmt.Errorf("%s stream: %w", format, err)
	}
	return rc, format, nil
}

func decode(br *bufio.Reader, format Format) (io.ReadCloser, error) {
	switch format {
	case Gzip:
		return gzip.NewReader(br)
	case Bzip2:
		return io.NopCloser(bzip2.NewReader(br)), nil
	case XZ:
		r, err := xz.NewReader(br, 0)
		return io.NopCloser(r), err
	case LZ4:
		return io.NopCloser(lz4.NewReader(br)), nil
	case Zstd:
		d, err := zstd.NewReader(br, zstd.WithDecoderMaxMemory(zstdWindow), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	case LZMA:
		return newLZMA(br)
	}
	return io.NopCloser(br), nil
}

// lzmaReader reads from the xz program; closing it early ends the program.
type lzmaReader struct {
	io.Reader
	cancel context.CancelFunc
	cmd    *exec.Cmd
	stderr bytes.Buffer
	waited error
	done   bool
}

func newLZMA(r io.Reader) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancel(context.Background())
	l := &lzmaReader{cancel: cancel, cmd: exec.CommandContext(ctx, "xz", "--format=lzma", "--decompress", "--stdout", "--memlimit=256MiB")}
	l.cmd.Stdin, l.cmd.Stderr = r, &l.stderr
	out, err := l.cmd.StdoutPipe()
	if err == nil {
		err = l.cmd.Start()
	}
	if err != nil {
		cancel()
		if errors.Is(err, exec.ErrNotFound) {
			err = ErrNoXZ
		}
		return nil, err
	}
	l.Reader = out
	return l, nil
}

// Read turns the end of xz's output into its exit status, so that a damaged stream is no silent end.
func (l *lzmaReader) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	if err == io.EOF {
		if werr := l.wait(); werr != nil {
			return n, werr
		}
	}
	return n, err
}

func (l *lzmaReader) wait() error {
	if l.done {
		return l.waited
	}
	l.done = true
	if err := l.cmd.Wait(); err != nil {
		l.waited = fmt.Errorf("lzma stream: %w: %s", err, bytes.TrimSpace(l.stderr.Bytes()))
	}
	return l.waited
}

func (l *lzmaReader) Close() error {
	l.cancel()
	_ = l.wait() // ended by us or already reported by Read
	return nil
}
