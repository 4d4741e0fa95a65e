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

// smallXZ is up to how many bytes xz is to be quick, a third of the time: at its default level it clears 90 MB of tables first, and
// searches longer than compiling a module's last file takes, while nothing else is left to do. Packages become 5 to 8 % larger.
const smallXZ = 4 << 20

// xzWriter writes to the xz program, which it starts once it knows how.
type xzWriter struct {
	to      io.Writer
	threads int
	held    []byte // what xz is to have once it is started
	cmd     *exec.Cmd
	in      io.WriteCloser // nil: it did not start
	failed  error          // what starting it gave
	stderr  bytes.Buffer
}

func newXZ(w io.Writer, threads int) (io.WriteCloser, error) {
	if _, err := exec.LookPath("xz"); err != nil {
		return nil, missingXZ(err)
	}
	return &xzWriter{to: w, threads: threads}, nil
}

func (x *xzWriter) Write(p []byte) (int, error) {
	if x.cmd == nil && len(x.held)+len(p) <= smallXZ {
		x.held = append(x.held, p...)
		return len(p), nil
	}
	if x.cmd == nil {
		// two threads at least: with one, xz leaves the blocks' sizes out and the bytes would differ
		x.failed = x.start("-6", "--threads="+strconv.Itoa(max(x.threads, 2)), "--block-size="+xzBlock)
	}
	if x.failed != nil {
		return 0, x.failed
	}
	return x.in.Write(p)
}

// start has xz compress, first what is held. It is called once.
func (x *xzWriter) start(how ...string) error {
	x.cmd = xzCommand(context.Background(), append([]string{"--compress", "--format=xz", "--stdout"}, how...)...)
	x.cmd.Stdout, x.cmd.Stderr = x.to, &x.stderr
	in, err := x.cmd.StdinPipe()
	if err == nil {
		err = x.cmd.Start()
	}
	if err != nil {
		return missingXZ(err)
	}
	x.in = in
	_, err = in.Write(x.held)
	return err
}

// Close waits for xz and returns its error, which is also the cause of a failed Write.
func (x *xzWriter) Close() error {
	if x.cmd == nil {
		x.failed = x.start("--lzma2=preset=3,dict=1MiB", "--threads=1")
	}
	if x.in == nil {
		return x.failed
	}
	_ = x.in.Close() // a broken pipe is better told by xz's own words
	if err := x.cmd.Wait(); err != nil {
		return fmt.Errorf("xz: %w: %s", err, bytes.TrimSpace(x.stderr.Bytes()))
	}
	return x.failed
}
