package codec

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strconv"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// NewWriter encodes to w. Close must be called, also after an error; it ends the stream and leaves w open. About threads cores
// work (0: all of them); the bytes do not depend on their number.
func NewWriter(w io.Writer, format Format, threads int) (io.WriteCloser, error) {
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	switch format {
	case None:
		return plain{w}, nil
	case Gzip:
		return gzip.NewWriter(w), nil
	case XZ:
		return newXZ(w, threads)
	case Zstd:
		return newZstd(w, threads)
	}
	return nil, fmt.Errorf("writing %s streams is not supported", format)
}

// newZstd writes a single frame, because dpkg-deb stops at the end of the first one. The fastest level, 5 % larger than
// dpkg-deb's own, keeps up with dpkg-deb's speed; a second thread does the entropy coding.
func newZstd(w io.Writer, threads int) (io.WriteCloser, error) {
	return zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(threads))
}

type plain struct{ io.Writer }

func (plain) Close() error { return nil }

// xzBlock is twice the dictionary of xz's default level.
const xzBlock = "16MiB"

// xzWriter writes to the xz program.
type xzWriter struct {
	io.WriteCloser
	cmd    *exec.Cmd
	stderr bytes.Buffer
}

// newXZ asks for two threads at least: with one, xz leaves the blocks' sizes out and the bytes would differ.
func newXZ(w io.Writer, threads int) (io.WriteCloser, error) {
	x := &xzWriter{cmd: xzCommand(context.Background(), "--compress", "--format=xz", "-6", "--stdout",
		"--threads="+strconv.Itoa(max(threads, 2)), "--block-size="+xzBlock)}
	x.cmd.Stdout, x.cmd.Stderr = w, &x.stderr
	in, err := x.cmd.StdinPipe()
	if err == nil {
		err = x.cmd.Start()
	}
	if err != nil {
		return nil, missingXZ(err)
	}
	x.WriteCloser = in
	return x, nil
}

// Close waits for xz and returns its error, which is also the cause of a failed Write.
func (x *xzWriter) Close() error {
	_ = x.WriteCloser.Close() // a broken pipe is better told by xz's own words
	if err := x.cmd.Wait(); err != nil {
		return fmt.Errorf("xz: %w: %s", err, bytes.TrimSpace(x.stderr.Bytes()))
	}
	return nil
}
