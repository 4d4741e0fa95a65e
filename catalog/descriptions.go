package catalog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"mago/debpkg/codec"
	"mago/debpkg/control"
	"mago/debpkg/word"
)

// Descriptions returns the long descriptions of the index's packages: those of their own paragraphs, or the English ones of
// apt's translation lists, found by a description's MD5. Descriptions that cannot be read are left out; the error says why.
func (ix *Index) Descriptions(ctx context.Context, c Config) (map[word.Package]string, error) {
	long, wanted := map[word.Package]string{}, map[string][]word.Package{}
	for _, m := range ix.Modules {
		for _, p := range m.Packages {
			switch {
			case p.LongDescription != "":
				long[p.Name] = p.LongDescription
			case p.DescriptionMD5 != "":
				wanted[p.DescriptionMD5] = append(wanted[p.DescriptionMD5], p.Name)
			}
		}
	}
	entries, err := c.Root.ReadDir(listsDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return long, fmt.Errorf("read descriptions: %w", err)
	}
	var errs []error
	for _, e := range entries {
		if strings.HasSuffix(uncompressed(e.Name()), "_Translation-en") {
			errs = append(errs, c.translate(ctx, e.Name(), wanted, long))
		}
	}
	return long, errors.Join(errs...)
}

// translate takes the wanted descriptions from a translation list.
func (c Config) translate(ctx context.Context, name string, wanted map[string][]word.Package, long map[word.Package]string) error {
	f, err := c.Root.Open(path.Join(listsDir, name))
	if err != nil {
		return fmt.Errorf("read descriptions: %w", err)
	}
	defer f.Close()
	file := f.Name()
	r, _, err := codec.NewReader(f)
	if err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	defer r.Close()
	for raw, err := range paragraphs(ctx, codec.Limit(r, maxList)) {
		if err != nil {
			return fmt.Errorf("parse %s: %w", file, err)
		}
		for _, pkg := range wanted[descriptionMD5(raw.text)] {
			long[pkg] = translated(raw.text, path.Base(file))
		}
	}
	return nil
}

// descriptionMD5 finds a paragraph's field of that name with one search: nearly all paragraphs are of other packages.
func descriptionMD5(raw []byte) string {
	const field = "\nDescription-md5: "
	_, rest, _ := bytes.Cut(raw, []byte(field))
	line, _, _ := bytes.Cut(rest, newline)
	return string(line)
}

// translated is the description of a translation's paragraph.
func translated(raw []byte, list string) string {
	s := control.NewScanner(bytes.NewReader(raw), list)
	if !s.Scan() {
		return ""
	}
	fields, err := s.Paragraph()
	if err != nil {
		return ""
	}
	_, long, _ := strings.Cut(fields.Get("Description-en"), "\n")
	return long
}
