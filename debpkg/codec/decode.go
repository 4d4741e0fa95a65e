package codec

import (
	"bufio"
	"fmt"
	"io"

	"github.com/dsnet/compress/bzip2"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/xi2/xz"
)

// NewReader decodes r and returns its format. The caller closes the reader, and r itself. A stream that ends early is
// io.ErrUnexpectedEOF or the decoder's error, one that needs too much memory a *LimitError. The caller limits the length of
// the output.
func NewReader(r io.Reader) (io.ReadCloser, Format, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	head, err := br.Peek(6)
	if err != nil && err != io.EOF {
		return nil, "", err
	}
	format := Detect(head)
	rc, err := decode(br, format)
	if err != nil {
		return nil, format, fmt.Errorf("%s stream: %w", format, limitOf(err))
	}
	return guarded{rc}, format, nil
}

// decode returns io.ErrUnexpectedEOF for a stream that ends within its header, for which decoders return io.EOF.
func decode(br *bufio.Reader, format Format) (io.ReadCloser, error) {
	rc, err := decoder(br, format)
	return rc, unexpected(err)
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func decoder(br *bufio.Reader, format Format) (io.ReadCloser, error) {
	switch format {
	case Gzip:
		return newGzip(br)
	case Bzip2:
		return bzip2.NewReader(br, nil)
	case XZ:
		r, err := xz.NewReader(br, xzDictionary)
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
