package recipe

import (
	"errors"
	"fmt"
	"io"

	"mago/debpkg/visible"
	"mago/kbuild/sandbox"
)

// Log passes a build's output on until the limit is reached, and then one line that says so.
type Log struct {
	to    io.Writer
	limit int64
	size  int64
	cut   bool
	err   error // the first error of to
}

// Write never fails, so a full log does not fail a build; the first error of l.to is kept in l.err.
func (l *Log) Write(p []byte) (int, error) {
	keep := p[:min(int64(len(p)), l.limit-l.size)]
	l.size += int64(len(keep))
	l.pass(keep)
	if len(keep) < len(p) && !l.cut {
		l.cut = true
		l.pass(fmt.Appendf(nil, "\nmago: the log is cut here: the build printed more than %d bytes\n", l.limit))
	}
	return len(p), nil
}

// Note writes a line of mago's own, whatever foreign words are in it. What a build prints is kept as it is.
func (l *Log) Note(format string, args ...any) {
	fmt.Fprintln(l, "mago: "+visible.Line(fmt.Sprintf(format, args...)))
}

// Warn writes a warning to the log and tells the user of it.
func (w *Workspace) Warn(format string, args ...any) {
	text := visible.Line(fmt.Sprintf(format, args...))
	w.Log.Note("warning: %s", text)
	if w.Warning != nil {
		w.Warning(text)
	}
}

func (l *Log) pass(p []byte) {
	if l.err == nil && len(p) > 0 {
		_, l.err = l.to.Write(p)
	}
}

var errTooLong = errors.New("output too long")

// boundedBuffer holds up to a limit and refuses more, which ends the program that writes it.
type boundedBuffer struct {
	held  []byte
	limit int
	over  bool
}

func (b *boundedBuffer) Write(p []byte) (int, error) {
	if b.over = b.over || len(b.held)+len(p) > b.limit; b.over {
		return 0, errTooLong
	}
	b.held = append(b.held, p...)
	return len(p), nil
}

// maxPrinted is more than anybody prints for somebody to read, in bytes.
const maxPrinted = 1 << 30

// flood ends a program that prints more than it may: the output's limit, or maxPrinted.
type flood struct {
	limit   sandbox.Limits
	printed int64
	over    func(error)
}

func (f *flood) Write(p []byte) (int, error) {
	f.printed += int64(len(p))
	limit := f.limit
	limit.Output = min(limit.Output, maxPrinted)
	if f.limit.Output > 0 && f.printed > limit.Output {
		f.over(limit.Exceeded("output"))
	}
	return len(p), nil
}
