package debpkg

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"mago/debpkg/codec"
	"mago/debpkg/control"
)

// maxControl bounds the decompressed control member; Debian's largest are below 3 MiB.
const maxControl = 16 << 20

func (r *Reader) readControl(m member) error {
	rc, err := r.openTar(m)
	if err != nil {
		return err
	}
	defer rc.Close()
	whole, err := io.ReadAll(codec.Limit(rc, maxControl))
	if err != nil {
		return err
	}
	if r.info, err = plainFiles(whole); err != nil {
		return err
	}
	text, ok := r.info["control"]
	if !ok {
		return errors.New("no file control")
	}
	r.control, err = onlyParagraph(text)
	return err
}

// plainFiles reads a tar archive of plain files, beside which deb(5) allows the current directory only. The holes of
// sparse files count, too.
func plainFiles(archive []byte) (map[string][]byte, error) {
	files, total := map[string][]byte{}, 0
	for tr := tar.NewReader(bytes.NewReader(archive)); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		name := strings.TrimPrefix(h.Name, "./")
		if h.Typeflag == tar.TypeDir && (name == "" || name == ".") {
			continue
		}
		if _, twice := files[name]; twice || h.Typeflag != tar.TypeReg || strings.Contains(name, "/") || name == "" || name == "." || name == ".." {
			return nil, fmt.Errorf("entry %q: not a plain file, or given twice", h.Name)
		}
		if files[name], err = io.ReadAll(codec.Limit(tr, maxControl)); err != nil {
			return nil, fmt.Errorf("entry %q: %w", h.Name, err)
		}
		if total += len(files[name]); total > maxControl {
			return nil, &codec.LimitError{What: "bytes in its files", Max: maxControl}
		}
	}
}

func onlyParagraph(text []byte) (control.Paragraph, error) {
	s := control.NewScanner(bytes.NewReader(text), "control")
	if !s.Scan() {
		return control.Paragraph{}, errors.Join(errors.New("file control holds no paragraph"), s.Err())
	}
	p, err := s.Paragraph()
	if err != nil {
		return p, err
	}
	for _, field := range []string{"Package", "Version", "Architecture"} {
		if p.Get(field) == "" {
			return p, fmt.Errorf("file control has no field %s", field)
		}
	}
	if s.Scan() || s.Err() != nil {
		return p, errors.New("file control holds more than one paragraph")
	}
	return p, checkBinary(string(text), p)
}
