package catalog

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"mago/debpkg/codec"
	"mago/debpkg/control"
)

// stanza is a module source's paragraph, raw and decoded.
type stanza struct {
	words
	raw     []byte
	line    int // in the list
	fields  control.Paragraph
	kind    Kind
	damaged bool // by dpkg's status: see Package
	signed  bool // whether the list's signature has been checked
}

// The limits of one list: Debian's largest has 50 MB and some 50 module sources.
const (
	maxList    = 512 << 20 // bytes, decompressed
	maxSources = 10_000
)

// readList finds the module sources of a list, compressed or not, or of dpkg's status.
func (c Config) readList(ctx context.Context, host string) (list, error) {
	f, err := c.Root.Open(host)
	if err != nil {
		return list{}, err
	}
	defer f.Close()
	file := f.Name()
	r, _, err := codec.NewReader(f)
	if err != nil {
		return list{}, fmt.Errorf("read %s: %w", file, err)
	}
	defer r.Close()
	l, err := scanList(ctx, r, file)
	l.left.List = host
	return l, err
}

// scanList is readList on an open stream; name stands in its errors.
func scanList(ctx context.Context, r io.Reader, name string) (list, error) {
	var l list
	for raw, err := range paragraphs(ctx, codec.Limit(r, maxList)) {
		if err != nil {
			return list{}, fmt.Errorf("parse %s: %w", name, err)
		}
		if !worthDecoding(raw.text) {
			continue
		}
		found, err := decode(raw, name)
		if err != nil {
			return list{}, err
		}
		if l.add(found); len(l.found) > maxSources {
			return list{}, fmt.Errorf("parse %s: %w", name, &codec.LimitError{What: "module sources", Max: maxSources})
		}
	}
	return l, nil
}

// add adds the module sources whose words are valid.
func (l *list) add(found []stanza) {
	for _, s := range found {
		if err := s.words.parse(s.fields.Get, sourceOf(s.fields)); err != nil {
			l.leave(s.line, err)
			continue
		}
		l.found = append(l.found, s)
	}
}

// decode returns the module sources in a raw paragraph; a line of blanks between them makes it more than one.
func decode(raw paragraph, name string) ([]stanza, error) {
	found, err := decodeAll(control.NewScanner(bytes.NewReader(raw.text), name))
	if err == nil {
		for i := range found {
			found[i].line += raw.line() - 1
		}
		return found, nil
	}
	// The scanner counts lines from its own beginning, so blank lines stand for those before.
	skipped := strings.NewReader(strings.Repeat("\n", raw.line()-1))
	return decodeAll(control.NewScanner(io.MultiReader(skipped, bytes.NewReader(raw.text)), name))
}

func decodeAll(s *control.Scanner) ([]stanza, error) {
	var found []stanza
	for s.Scan() {
		fields, err := s.Paragraph()
		if err != nil {
			return nil, err
		}
		if kind, ok := classify(fields); ok {
			found = append(found, stanza{raw: bytes.Clone(s.Bytes()), line: s.Line(), fields: fields, kind: kind})
		}
	}
	return found, s.Err()
}
