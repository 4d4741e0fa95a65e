package main

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"

	"golang.org/x/term"

	"mago/debpkg/visible"
)

// stream is standard output or error. Whatever is written to it is made visible; only the live line, whose sequences a
// terminal is to follow, goes around that.
type stream struct {
	*visible.Writer
	terminal *os.File  // nil where it is not one
	shown    io.Writer // what it shows
	below    *descriptor
}

func newStream(name string, out io.Writer, end context.CancelCauseFunc) *stream {
	s := &stream{shown: out}
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		s.terminal = file
		if !inUTF8() {
			s.shown = asciiOnly{file}
		}
	}
	s.below = &descriptor{name: name, to: s.shown, end: end}
	s.Writer = visible.NewWriter(s.below)
	return s
}

// columns is how wide the terminal is by now, 0 where the stream is not one.
func (s *stream) columns() int {
	width, _ := s.size()
	return width
}

// size is how wide and high the terminal is by now.
func (s *stream) size() (width, height int) {
	if s.terminal == nil {
		return 0, 0
	}
	width, height, err := term.GetSize(int(s.terminal.Fd()))
	if err != nil || width == 0 { // it does not know
		return usualColumns, usualLines
	}
	return width, height
}

// wrapped is a line as the stream gets it: broken between words where it is a terminal.
func (s *stream) wrapped(line string, indent int) string {
	return visible.Wrap(line, s.columns(), indent)
}

// failed is the first error that writing to the stream gave.
func (s *stream) failed() error {
	s.below.lock.Lock()
	defer s.below.lock.Unlock()
	return s.below.err
}

// outputError says that some of what mago had to say could not be written.
type outputError struct {
	stream string
	err    error
}

func (e *outputError) Error() string { return "write " + e.stream + ": " + e.err.Error() }
func (e *outputError) Unwrap() error { return e.err }

// descriptor keeps the first error of an output. Where the reader of a pipe has gone, it ends the run in order, where
// SIGPIPE would have ended it in the middle.
type descriptor struct {
	name string
	to   io.Writer
	end  context.CancelCauseFunc
	lock sync.Mutex
	err  error
}

func (d *descriptor) Write(text []byte) (int, error) {
	n, err := d.to.Write(text)
	if err == nil {
		return n, nil
	}
	if errors.Is(err, syscall.EPIPE) {
		d.end(&interruption{signal: syscall.SIGPIPE})
	}
	cause := err
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		cause = path.Err
	}
	d.lock.Lock()
	defer d.lock.Unlock()
	failed := &outputError{d.name, cause}
	if d.err == nil {
		d.err = failed
	}
	return n, failed
}

// heedless passes on what others print, who are not to fail where that cannot be written; the stream knows.
type heedless struct{ to io.Writer }

func (h heedless) Write(text []byte) (int, error) {
	_, _ = h.to.Write(text)
	return len(text), nil
}
