package untar

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
)

// input is the tar stream; it ends with its context, and counts the last zero bytes to recognise the end marker.
type input struct {
	ctx   context.Context
	r     io.Reader
	left  int64 // bytes it may still give
	over  error // what it gives then
	zeros int

	broken bool // whether the stream has failed by itself
	failed bool // whether it has for any reason
}

func (in *input) Read(p []byte) (int, error) {
	n, err := in.read(p)
	in.failed = in.failed || err != nil && err != io.EOF
	return n, err
}

func (in *input) read(p []byte) (int, error) {
	if err := in.ctx.Err(); err != nil {
		return 0, context.Cause(in.ctx)
	}
	if in.left < 0 {
		return 0, in.over
	}
	n, err := in.r.Read(p)
	in.left -= int64(n)
	in.count(p[:n])
	in.broken = in.broken || err != nil && err != io.EOF
	return n, err
}

func (in *input) count(p []byte) {
	for i := len(p) - 1; i >= 0; i-- {
		if p[i] != 0 {
			in.zeros = len(p) - 1 - i
			return
		}
	}
	in.zeros += len(p)
}

// end requires the block of zeros that closes an archive, which archive/tar does not, so that a stream that is cut between two
// entries does not count as whole. It then reads the rest, for the decoder to check its sums.
func (in *input) end() error {
	const block = 512
	if in.zeros < block {
		return io.ErrUnexpectedEOF
	}
	_, err := io.Copy(io.Discard, in)
	return err
}

// entryContent reads an entry. Its errors are the stream's, its end, or archive/tar's about the header.
type entryContent struct {
	tr *tar.Reader
	in *input
}

func (c entryContent) Read(p []byte) (int, error) {
	n, err := c.tr.Read(p)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF && !c.in.failed {
		err = fmt.Errorf("%w: %w", tar.ErrHeader, err)
	}
	return n, err
}
