// Package control reads Debian control files (deb822(5)): apt's lists, dpkg's status, the control member of a .deb. It scans
// fast, and decodes with pault.ag/go/debian only the paragraphs that are asked for.
package control

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"

	"pault.ag/go/debian/control"

	"mago/debpkg/codec"
)

// The limits of one paragraph. Debian 12's longest, in lists and status files, has 76 KB, and none has more than a hundred
// lines; the decoder's time grows with the square of the lines.
const (
	maxParagraph = 512 << 10 // bytes
	maxLines     = 4000
)

// Paragraph maps the fields of one stanza to their values; names are looked up as dpkg does, in any case.
// A continuation line is kept after a newline and without its leading blank; a lone dot there is an empty line.
type Paragraph struct {
	order  []string
	values map[string]string
}

// Get returns a field's value, or "" where the field is missing.
func (p Paragraph) Get(field string) string { return p.values[strings.ToLower(field)] }

// Fields lists the field names in the order of the file.
func (p Paragraph) Fields() []string { return p.order }

// Scanner gives one paragraph at a time.
type Scanner struct {
	in        *bufio.Reader
	name      string
	line      int // line number of the next line to read
	first     int // line number of the current paragraph
	paragraph []byte
	err       error
}

// NewScanner reads r; errors contain name.
func NewScanner(r io.Reader, name string) *Scanner {
	return &Scanner{in: bufio.NewReaderSize(r, 32<<10), name: name, line: 1}
}

// Scan moves to the next paragraph and reports whether there is one.
func (s *Scanner) Scan() bool {
	s.paragraph = s.paragraph[:0]
	for s.err == nil {
		line, err := s.in.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			if len(s.paragraph) == 0 {
				s.first = s.line
			}
			s.paragraph = append(s.paragraph, line...)
			s.bound()
			continue
		}
		if len(line) > 0 && !s.add(line) {
			return true
		}
		if err == io.EOF {
			return len(s.paragraph) > 0
		}
		if err != nil {
			s.err = fmt.Errorf("parse %s: line %d: %w", s.name, s.line, err)
		}
	}
	return false
}

// add adds one line and reports whether the paragraph goes on.
func (s *Scanner) add(line []byte) bool {
	s.line++
	midLine := len(s.paragraph) > 0 && s.paragraph[len(s.paragraph)-1] != '\n'
	if !midLine && line[0] == '\n' {
		return len(s.paragraph) == 0
	}
	if len(s.paragraph) == 0 {
		s.first = s.line - 1
	}
	s.paragraph = append(s.paragraph, line...)
	s.bound()
	return true
}

func (s *Scanner) bound() {
	if len(s.paragraph) > maxParagraph {
		s.err = s.wrap(&codec.LimitError{What: "bytes in a paragraph", Max: maxParagraph})
	}
}

// Err is the first error that ended Scan, nil at the end of the file.
func (s *Scanner) Err() error { return s.err }

// Bytes is the paragraph as it stands in the file, valid until the next Scan.
func (s *Scanner) Bytes() []byte { return s.paragraph }

// Line is the line number on which the paragraph begins.
func (s *Scanner) Line() int { return s.first }

// Field returns a field's raw value without the blanks around it, and does not decode the paragraph; nil where the field is
// missing. The value is valid until the next Scan.
func (s *Scanner) Field(name string) []byte {
	for rest := s.paragraph; len(rest) > 0; {
		end := lineEnd(rest)
		begin, ok := valueIn(rest[:end], name)
		if !ok {
			rest = rest[end:]
			continue
		}
		for end < len(rest) && IsBlank(rune(rest[end])) {
			end += lineEnd(rest[end:])
		}
		return trim(rest[begin:end])
	}
	return nil
}

func lineEnd(text []byte) int {
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		return i + 1
	}
	return len(text)
}

// valueIn finds the beginning of the field's value in a line. It runs for every line of every list; blanks before the colon
// are rare, but dpkg accepts them.
func valueIn(line []byte, name string) (begin int, ok bool) {
	if len(line) <= len(name) {
		return 0, false
	}
	if c := line[len(name)]; c != ':' && !IsBlank(rune(c)) || !strings.EqualFold(string(line[:len(name)]), name) {
		return 0, false
	}
	for begin = len(name); begin < len(line) && line[begin] != '\n' && IsBlank(rune(line[begin])); {
		begin++
	}
	return begin + 1, begin < len(line) && line[begin] == ':'
}

// IsBlank reports whether dpkg reads a character as white space; it knows ASCII's only.
func IsBlank(r rune) bool { return r == ' ' || '\t' <= r && r <= '\r' }

// trim removes the blanks at both ends of a value, but at its beginning only those of the first line.
func trim(value []byte) []byte {
	for len(value) > 0 && IsBlank(rune(value[len(value)-1])) {
		value = value[:len(value)-1]
	}
	return bytes.TrimLeft(value, " \t\v\f\r")
}

// Paragraph decodes the current paragraph. It refuses what dpkg refuses: a line without a colon, a continuation
// before any field, a field given twice, a comment.
func (s *Scanner) Paragraph() (Paragraph, error) {
	if err := s.check(); err != nil {
		return Paragraph{}, err
	}
	reader, err := control.NewParagraphReader(bytes.NewReader(s.paragraph), nil)
	if err != nil {
		return Paragraph{}, s.wrap(err)
	}
	decoded, err := reader.Next()
	if err != nil {
		return Paragraph{}, s.wrap(err)
	}
	p := Paragraph{order: decoded.Order, values: make(map[string]string, len(decoded.Values))}
	for field, value := range decoded.Values {
		p.values[strings.ToLower(field)] = strings.TrimSuffix(value, "\n")
	}
	return p, nil
}

func (s *Scanner) wrap(err error) error {
	return fmt.Errorf("parse %s: line %d: %w", s.name, s.first, err)
}

// check applies the rules of dpkg (deb822(5)) that the decoder does not.
func (s *Scanner) check() error {
	if bytes.Count(s.paragraph, []byte("\n")) > maxLines {
		return s.wrap(&codec.LimitError{What: "lines in a paragraph", Max: maxLines})
	}
	seen := map[string]bool{}
	line := s.first
	for text := range bytes.Lines(s.paragraph) {
		text = bytes.TrimRight(text, "\n")
		switch {
		case text[0] == ' ' || text[0] == '\t':
			if len(seen) == 0 {
				return fmt.Errorf("parse %s: line %d: continuation line before any field", s.name, line)
			}
		default:
			name, _, ok := strings.Cut(string(text), ":")
			field := strings.ToLower(strings.TrimRight(name, " \t"))
			if !ok || len(field) < 2 || field[0] == '-' || field[0] == '#' || strings.ContainsFunc(field, notPrinting) {
				return fmt.Errorf("parse %s: line %d: no field name and colon in %.60q", s.name, line, text)
			}
			if seen[field] {
				return fmt.Errorf("parse %s: line %d: field %s given twice", s.name, line, name)
			}
			seen[field] = true
		}
		line++
	}
	return nil
}

// notPrinting are the characters that a field's name may not have (Policy 5.1).
func notPrinting(r rune) bool { return r <= ' ' || r > '~' }
