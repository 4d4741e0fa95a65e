package codec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// ErrNoXZ says that a stream needs the xz program, which is missing.
var ErrNoXZ = errors.New("the xz program is missing (package xz-utils)")

// lzmaReader reads from the xz program; Close before the end ends the program.
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
	l := &lzmaReader{cancel: cancel, cmd: xzCommand(ctx, "--format=lzma", "--decompress", "--stdout", "--memlimit="+strconv.Itoa(lzmaMemory))}
	l.cmd.Stdin, l.cmd.Stderr = r, &l.stderr
	out, err := l.cmd.StdoutPipe()
	if err == nil {
		err = l.cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, missingXZ(err)
	}
	l.Reader = out
	return l, nil
}

// xzCommand runs the program without the options that the user's XZ_DEFAULTS and XZ_OPT would add.
func xzCommand(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "xz", args...)
	cmd.Env = append(slices.DeleteFunc(cmd.Environ(), func(v string) bool { return strings.HasPrefix(v, "XZ_") }), "LC_ALL=C")
	return cmd
}

func missingXZ(err error) error {
	if errors.Is(err, exec.ErrNotFound) {
		return ErrNoXZ
	}
	return err
}

// Read returns xz's exit status at the end of its output, so that a damaged stream is an error.
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
	err := l.cmd.Wait()
	switch {
	case err == nil:
	case strings.Contains(l.stderr.String(), "emory usage limit"):
		l.waited = &LimitError{"bytes of memory", lzmaMemory}
	default:
		l.waited = fmt.Errorf("lzma stream: %w: %s", err, bytes.TrimSpace(l.stderr.Bytes()))
	}
	return l.waited
}

func (l *lzmaReader) Close() error {
	l.cancel()
	_ = l.wait() // ended by us or already reported by Read
	return nil
}
