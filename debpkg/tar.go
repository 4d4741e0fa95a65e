package debpkg

import (
	"archive/tar"
	"cmp"
	"crypto/md5"
	"fmt"
	"hash"
	"io"
	"time"
)

// tarball writes one of a package's two tar members. It keeps to the GNU format: dpkg refuses the PAX headers that
// archive/tar would choose for long and non-ASCII names, although dpkg-deb takes them.
type tarball struct {
	tw      *tar.Writer
	modTime time.Time
	md5     hash.Hash
	buf     []byte
	sums    []byte // md5sums(5) of the regular files so far
}

func newTarball(w io.Writer, modTime time.Time) *tarball {
	return &tarball{tw: tar.NewWriter(w), modTime: modTime, md5: md5.New(), buf: make([]byte, 128<<10)}
}

func (t *tarball) add(f File) error {
	h := header(f, t.modTime)
	if err := t.tw.WriteHeader(h); err != nil {
		return fmt.Errorf("pack %s: %w", f.Path, err)
	}
	if h.Typeflag != tar.TypeReg {
		return nil
	}
	if err := t.contents(f); err != nil {
		return fmt.Errorf("pack %s: %w", f.Path, err)
	}
	t.sums = fmt.Appendf(t.sums, "%x  %s\n", t.md5.Sum(nil), f.Path[1:])
	return nil
}

func header(f File, modTime time.Time) *tar.Header {
	h := &tar.Header{
		Format: tar.FormatGNU, Name: f.member(), ModTime: modTime, Uname: "root", Gname: "root",
		Mode: int64(f.Mode.Perm()),
	}
	switch {
	case f.Mode.IsDir():
		h.Typeflag, h.Mode = tar.TypeDir, cmp.Or(h.Mode, 0o755)
	case f.Link != "":
		h.Typeflag, h.Mode, h.Linkname = tar.TypeSymlink, 0o777, f.Link
	default:
		h.Typeflag, h.Mode, h.Size = tar.TypeReg, cmp.Or(h.Mode, 0o644), f.Size
	}
	return h
}

// contents reads the file once, for the archive and for its checksum. The file's own WriteTo is hidden from io:
// it would bring a smaller buffer for every file.
func (t *tarball) contents(f File) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	t.md5.Reset()
	n, err := io.CopyBuffer(io.MultiWriter(t.tw, t.md5), struct{ io.Reader }{r}, t.buf)
	if err == tar.ErrWriteTooLong || err == nil && n < f.Size {
		return fmt.Errorf("contents are not of the announced %d bytes", f.Size)
	}
	return err
}
