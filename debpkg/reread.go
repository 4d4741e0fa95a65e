package debpkg

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// Package is the whole package as Write takes it, which writes the same bytes again where it wrote these. The contents of its files lie
// in dir, a directory of its own, under numbers; they have to stay until it is written.
func (r *Reader) Package(dir string) (*Package, error) {
	p := &Package{Scripts: map[string]string{}, Conffiles: lines(r.info["conffiles"]), Triggers: lines(r.info["triggers"])}
	for _, name := range r.control.Fields() {
		if name != "Installed-Size" { // which Write computes
			p.Control = append(p.Control, Field{name, r.control.Get(name)})
		}
	}
	for _, name := range []string{"preinst", "postinst", "prerm", "postrm"} {
		if text := r.info[name]; text != nil {
			p.Scripts[name] = string(text)
		}
	}
	err := r.EachFile(func(h *tar.Header, content io.Reader) error {
		f, err := unpacked(h, content, filepath.Join(dir, strconv.Itoa(len(p.Files))))
		if err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
		p.Files, p.ModTime = append(p.Files, f), h.ModTime
		return nil
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// unpacked is an entry of data.tar, whose contents are written to disk.
func unpacked(h *tar.Header, content io.Reader, disk string) (f File, err error) {
	f = File{Path: path.Join("/", h.Name), Mode: fs.FileMode(h.Mode).Perm(), Link: h.Linkname, Size: h.Size}
	switch h.Typeflag {
	case tar.TypeDir:
		f.Mode |= fs.ModeDir
	case tar.TypeSymlink:
		f.Mode = 0
	case tar.TypeReg:
		f.Open = func() (io.ReadCloser, error) { return os.Open(disk) }
		err = unpackTo(disk, content)
	default:
		err = fmt.Errorf("an entry of type %q, which Write does not write", h.Typeflag)
	}
	return f, err
}

func unpackTo(disk string, content io.Reader) error {
	file, err := os.OpenFile(disk, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Close())
}

// lines are those of a text, none where there is none.
func lines(text []byte) (all []string) {
	for line := range strings.Lines(string(text)) {
		all = append(all, strings.TrimSuffix(line, "\n"))
	}
	return all
}
