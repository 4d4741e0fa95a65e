package catalog

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"

	"mago/debpkg/codec"
)

// blockSize is how much of a list is in memory at a time, and so the limit of a paragraph's size.
const blockSize = 512 << 10

// paragraph is the text between two empty lines, valid only during its iteration.
type paragraph struct {
	text   []byte
	before []byte // of the same block
	first  int    // line number at which the block begins
}

// line is the number of the paragraph's first line in the list.
func (p paragraph) line() int { return p.first + bytes.Count(p.before, newline) }

var (
	newline   = []byte("\n")
	separator = []byte("\n\n")
)

// paragraphs splits a control file at empty lines and looks at nothing else. The first error ends it.
func paragraphs(ctx context.Context, r io.Reader) iter.Seq2[paragraph, error] {
	return func(yield func(paragraph, error) bool) {
		buf, line := make([]byte, 0, blockSize), 1
		for {
			var err error
			buf, err = fill(ctx, r, buf)
			whole, err := wholeParagraphs(buf, err)
			if err != nil && err != io.EOF {
				yield(paragraph{}, fmt.Errorf("line %d: %w", line+bytes.Count(buf, newline), err))
				return
			}
			if !cut(whole, line, yield) || err == io.EOF {
				return
			}
			line += bytes.Count(whole, newline)
			buf = buf[:copy(buf, buf[len(whole):])]
		}
	}
}

// wholeParagraphs is the part of a block that ends where a paragraph does; err is that of filling the block.
func wholeParagraphs(block []byte, err error) ([]byte, error) {
	if err != nil {
		return block, err
	}
	end := bytes.LastIndex(block, separator)
	if end < 0 {
		return nil, &codec.LimitError{What: "bytes in a paragraph", Max: blockSize}
	}
	return block[:end+len(separator)], nil
}

// fill reads until the buffer is full or the stream ends.
func fill(ctx context.Context, r io.Reader, buf []byte) ([]byte, error) {
	for len(buf) < cap(buf) {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err != nil {
			return buf, err
		}
	}
	return buf, ctx.Err()
}

// cut yields the paragraphs of a block, which ends where one ends.
func cut(block []byte, line int, yield func(paragraph, error) bool) bool {
	for start := 0; ; {
		text := bytes.TrimLeft(block[start:], "\n")
		if start = len(block) - len(text); start == len(block) {
			return true
		}
		if i := bytes.Index(text, separator); i >= 0 {
			text = text[:i+1]
		}
		if !yield(paragraph{text, block[:start], line}, nil) {
			return false
		}
		start += len(text)
	}
}
