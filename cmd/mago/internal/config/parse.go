package config

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"mago/debpkg/codec"
	"mago/debpkg/control"
	"mago/debpkg/word"
)

// maxFile bounds a file in bytes. The decoder's time grows with the square of a field's lines.
const maxFile = 64 << 10

// parser reads one file.
type parser struct {
	file     string
	module   bool // whether it is a single module's
	field    rawField
	settings []Setting
	mistakes []*Mistake
	seen     map[string]int // lines, by field
}

// rawField is a field's lines, as they stand in the file.
type rawField struct {
	line int // 0: there is no field
	text strings.Builder
	bad  bool // whether a mistake was told of it
}

// parse reads a file's fields. Empty lines and those that begin with # part nothing: a field may be given once in a file.
func parse(r io.Reader, file string, module bool) ([]Setting, []*Mistake) {
	p := &parser{file: file, module: module, seen: map[string]int{}}
	text, err := io.ReadAll(codec.Limit(r, maxFile))
	if err != nil {
		return nil, []*Mistake{{File: file, Err: err}}
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		p.take(n, strings.TrimRight(line, "\r\n"))
	}
	p.end()
	return p.settings, p.mistakes
}

func (p *parser) mistake(line int, err error) {
	p.mistakes = append(p.mistakes, &Mistake{File: p.file, Line: line, Err: err})
}

// take takes a line.
func (p *parser) take(n int, line string) {
	switch {
	case strings.HasPrefix(line, "#"):
	case strings.TrimSpace(line) == "":
		p.end()
	case line[0] == ' ' || line[0] == '\t':
		if p.field.line == 0 {
			p.mistake(n, errors.New("a line that begins with a blank goes on with a field, and there is none above it"))
			p.field = rawField{line: n, bad: true}
		}
		p.field.text.WriteString("\n" + line)
	default:
		p.end()
		p.field.line = n
		p.field.text.WriteString(line)
	}
}

// end ends the field that goes on.
func (p *parser) end() {
	if p.field.line > 0 && !p.field.bad {
		if err := p.add(p.field.line, p.field.text.String()); err != nil {
			p.mistake(p.field.line, err)
		}
	}
	p.field = rawField{}
}

// add takes a field's text.
func (p *parser) add(line int, text string) error {
	name, value, err := decode(text)
	if err != nil {
		return err
	}
	f, err := p.fieldCalled(name)
	if err != nil {
		return err
	}
	if before := p.seen[f.Name]; before > 0 {
		return fmt.Errorf("%s is given twice: line %d has it, too", f.Name, before)
	}
	p.seen[f.Name] = line
	if err := f.check(value); err != nil {
		return err
	}
	p.settings = append(p.settings, Settings(f, value, Origin{From: File, File: p.file, Line: line})...)
	return nil
}

// decode gives a field's name and its value, whose lines are joined by blanks.
func decode(text string) (name, value string, err error) {
	first, _, _ := strings.Cut(text, "\n")
	if name, _, ok := strings.Cut(first, ":"); !ok || strings.ContainsAny(strings.TrimSpace(name), " \t") {
		return "", "", fmt.Errorf("%.60q is not a field: a name, a colon and a value", first)
	}
	s := control.NewScanner(strings.NewReader(text), "")
	if !s.Scan() {
		return "", "", s.Err()
	}
	paragraph, err := s.Paragraph()
	if err != nil || len(paragraph.Fields()) != 1 {
		return "", "", fmt.Errorf("%.60q is not a field: a name, a colon and a value", first)
	}
	name = paragraph.Fields()[0]
	var lines []string
	for line := range strings.Lines(paragraph.Get(name)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return name, strings.Join(lines, " "), nil
}

// fieldCalled is the field of a name that this file may have.
func (p *parser) fieldCalled(name string) (*Field, error) {
	f := FieldCalled(name)
	switch {
	case f == nil:
		return nil, p.unknown(name)
	case !p.module && !f.General:
		return nil, fmt.Errorf("%s is for one module: it belongs in modules/NAME.conf", f.Name)
	}
	return f, nil
}

func (p *parser) unknown(name string) error {
	spelled := map[string]string{}
	var names []string
	for _, f := range Fields {
		if p.module || f.General {
			names = append(names, strings.ToLower(f.Name))
			spelled[strings.ToLower(f.Name)] = f.Name
		}
	}
	if meant := word.Nearest(strings.ToLower(name), names); meant != "" {
		return fmt.Errorf("no field %s; %s is the nearest", name, spelled[meant])
	}
	return fmt.Errorf("no field %s", name)
}
