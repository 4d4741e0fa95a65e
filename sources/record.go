package sources

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/renameio/v2"

	"mago/debpkg/control"
)

const (
	recordName   = "tree.json"
	recordFormat = 1 // a tree of another format is opened again
)

// record is what tree.json keeps of a Tree, with paths relative to the tree, so that the cache may be moved.
type record struct {
	Format    int
	Name      string
	Version   string
	Origin    Origin
	Dir       string
	SHA256    string
	Stamp     string    `json:",omitempty"` // what else tells the archive apart
	Copyright string    `json:",omitempty"`
	Changelog string    `json:",omitempty"`
	ModTime   time.Time `json:",omitzero"`
	Control   string    `json:",omitempty"`
}

// write makes r the record of the tree at dir.
func (r record) write(dir string) error {
	r.Format = recordFormat
	data, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return renameio.WriteFile(filepath.Join(dir, recordName), append(data, '\n'), 0o644, renameio.IgnoreUmask())
}

// readRecord reads the record of the tree at dir; there is one in every complete tree.
func readRecord(dir string) (record, error) {
	var r record
	data, err := os.ReadFile(filepath.Join(dir, recordName))
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("parse %s: %w", filepath.Join(dir, recordName), err)
	}
	if r.Format != recordFormat {
		return r, fmt.Errorf("parse %s: format %d, not %d", filepath.Join(dir, recordName), r.Format, recordFormat)
	}
	return r, nil
}

// read gives the tree in an owner's place, if it is complete, and its record.
func (f *Fetcher) read(owner, version string) (*Tree, record, error) {
	dir := f.place(owner, version)
	rec, err := readRecord(dir)
	if err != nil {
		return nil, rec, err
	}
	tree, err := rec.tree(dir)
	return tree, rec, err
}

// tree gives the Tree that lies at dir.
func (r record) tree(dir string) (*Tree, error) {
	paragraph, err := parseControl(r.Control)
	if err != nil {
		return nil, err
	}
	return &Tree{
		Name: r.Name, Version: r.Version, Origin: r.Origin, Dir: filepath.Join(dir, r.Dir),
		Control: paragraph, SHA256: r.SHA256, ModTime: r.ModTime,
		Copyright: below(dir, r.Copyright), Changelog: below(dir, r.Changelog),
	}, nil
}

// controlText writes a paragraph as deb822(5) has it.
func controlText(p control.Paragraph) string {
	var text strings.Builder
	for _, field := range p.Fields() {
		first, rest, more := strings.Cut(p.Get(field), "\n")
		fmt.Fprintf(&text, "%s: %s\n", field, first)
		if !more {
			continue
		}
		for line := range strings.SplitSeq(rest, "\n") {
			if line == "" {
				line = "."
			}
			fmt.Fprintf(&text, " %s\n", line)
		}
	}
	return text.String()
}

func parseControl(text string) (control.Paragraph, error) {
	if text == "" {
		return control.Paragraph{}, nil
	}
	s := control.NewScanner(bytes.NewReader([]byte(text)), recordName)
	if !s.Scan() {
		return control.Paragraph{}, s.Err()
	}
	return s.Paragraph()
}
