package codec

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/xi2/xz"
)

// The memory that a decoder may use, in bytes. Each limit is the format's own program's, or what its highest ordinary level
// needs: zstd without --long, xz -9, and for .lzma several times that.
const (
	zstdWindow   = 128 << 20
	xzDictionary = xz.DefaultDictMax
	lzmaMemory   = 256 << 20
)

// LimitError refuses a stream that needs more than such streams ever do.
type LimitError struct {
	What string // that there is too much of, such as "bytes"
	Max  int64
}

func (e *LimitError) Error() string { return fmt.Sprintf("more than %d %s", e.Max, e.What) }

// Limit reads at most max bytes from r; the next one is a *LimitError.
func Limit(r io.Reader, max int64) io.Reader { return &limited{r, max, max} }

type limited struct {
	r         io.Reader
	left, max int64 // left is -1 once there was more
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, &LimitError{"bytes", l.max}
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left+1)])
	if l.left -= int64(n); l.left < 0 {
		return n - 1, &LimitError{"bytes", l.max}
	}
	return n, err
}

// Until reads from r until the context ends: a hole of terabytes takes hours to read.
func Until(ctx context.Context, r io.Reader) io.Reader { return stoppable{ctx, r} }

type stoppable struct {
	ctx context.Context
	r   io.Reader
}

func (s stoppable) Read(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, context.Cause(s.ctx)
	}
	return s.r.Read(p)
}

// guarded turns a decoder's own limit into a *LimitError.
type guarded struct{ io.ReadCloser }

func (g guarded) Read(p []byte) (int, error) {
	n, err := g.ReadCloser.Read(p)
	return n, limitOf(err)
}

func limitOf(err error) error {
	switch {
	case errors.Is(err, xz.ErrMemlimit):
		return &LimitError{"bytes of dictionary", xzDictionary}
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return &LimitError{"bytes of window", zstdWindow}
	}
	return err
}
