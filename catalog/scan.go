package catalog

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"mago/debpkg/codec"
	"mago/debpkg/control"
)

// stanza is the paragraph of a module source, as it stands in a list and decoded.
type stanza struct {
	raw    []byte
	fields control.Paragraph
	kind   Kind
	signed bool // whether the list's signature has been checked
}

// What one list may be: Debian's largest has 50 MB and some 50 module sources.
const (
	maxList    = 512 << 20 // bytes, decompressed
	maxSources = 10_000
)

// readList finds the module sources of a list, compressed or not, or of dpkg's status.
func (c Config) readList(ctx context.Context, host string) ([]stanza, error) {
	file, err := c.path(host)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, _, err := codec.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	defer r.Close()
	return scanList(ctx, r, file)
}

// scanList is readList on an open stream; name stands in its errors.
func scanList(ctx context.Context, r io.Reader, name string) ([]stanza, error) {
	var found []stanza
	for raw, err := range paragraphs(ctx, codec.Limit(r, maxList)) {
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", name, err)
		}
		if !worthDecoding(raw.text) {
			continue
		}
		more, err := decode(raw, name)
		if err != nil {
			return nil, err
		}
		if found = append(found, more...); len(found) > maxSources {
			return nil, fmt.Errorf("parse %s: %w", name, &codec.LimitError{What: "module sources", Max: maxSources})
		}
	}
	return found, nil
}

// decode gives the module sources in a raw paragraph; it is more than one where a blank line is not quite empty.
func decode(raw paragraph, name string) ([]stanza, error) {
	found, err := decodeAll(control.NewScanner(bytes.NewReader(raw.text), name))
	if err == nil {
		return found, nil
	}
	// The scanner counts lines from its own beginning: blank ones stand for what came before.
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
			found = append(found, stanza{raw: bytes.Clone(s.Bytes()), fields: fields, kind: kind})
		}
	}
	return found, s.Err()
}
