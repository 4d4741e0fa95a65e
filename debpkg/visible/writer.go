package visible

import (
	"bytes"
	"io"
	"sync"
	"unicode/utf8"
)

// Writer passes text on with only line ends and tabs of its control characters left. It may be called from many goroutines.
type Writer struct {
	to   io.Writer
	lock sync.Mutex
	part []byte // the beginning of a character, whose end the next Write may bring
}

// NewWriter is a Writer to another.
func NewWriter(to io.Writer) *Writer { return &Writer{to: to} }

// Write fails where the other writer does.
func (w *Writer) Write(p []byte) (int, error) {
	w.lock.Lock()
	defer w.lock.Unlock()
	text := append(w.part, p...)
	whole := len(text) - unfinished(text)
	w.part = bytes.Clone(text[whole:])
	if whole == 0 {
		return len(p), nil
	}
	if _, err := w.to.Write(bytes.Map(inText, text[:whole])); err != nil {
		return 0, err
	}
	return len(p), nil
}

func inText(r rune) rune {
	if r == '\n' || r == '\t' {
		return r
	}
	return shown(r)
}

// unfinished counts the bytes at the end of text that begin a character.
func unfinished(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if last := text[len(text)-n:]; utf8.RuneStart(last[0]) {
			if utf8.FullRune(last) {
				return 0
			}
			return n
		}
	}
	return 0
}
