package codec

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
)

// gzipForeign are the flags of a member's header that gzip refuses: encrypted, and two that mean nothing yet (RFC 1952, 2.3.1.2).
const gzipForeign = 0x20 | 0x40 | 0x80

// gzipReader reads the members one by one and checks their headers, because the library accepts any flags.
type gzipReader struct {
	in *bufio.Reader
	*gzip.Reader
}

func newGzip(in *bufio.Reader) (io.ReadCloser, error) {
	if err := checkGzip(in); err != nil {
		return nil, err
	}
	r, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	r.Multistream(false)
	return &gzipReader{in, r}, nil
}

func checkGzip(in *bufio.Reader) error {
	header, err := in.Peek(4)
	if len(header) == 4 && header[3]&gzipForeign != 0 {
		return fmt.Errorf("flags %#x are not supported", header[3])
	}
	if err == io.EOF && len(header) > 0 {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Read continues with the next member.
func (g *gzipReader) Read(p []byte) (int, error) {
	for {
		n, err := g.Reader.Read(p)
		if err != io.EOF {
			return n, err
		}
		if n > 0 {
			return n, nil // the next call meets the end again
		}
		if err := checkGzip(g.in); err != nil {
			return 0, err // io.EOF where no member follows
		}
		if err := g.Reset(g.in); err != nil {
			return 0, unexpected(err)
		}
		g.Multistream(false)
	}
}
