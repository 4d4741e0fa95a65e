package debpkg

import (
	"archive/tar"
	"crypto/md5"
	"fmt"
	"hash"
	"io"
	"io/fs"
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
	if err := t.tw.WriteHeader(t.header(f)); err != nil {
		return fmt.Errorf("pack %s: %w", f.Path, err)
	}
	if f.Open == nil {
		return nil
	}
	if err := t.contents(f); err != nil {
		return fmt.Errorf("pack %s: %w", f.Path, err)
	}
	t.sums = fmt.Appendf(t.sums, "%x  %s\n", t.md5.Sum(nil), f.Path[1:])
	return nil
}

func (t *tarball) header(f File) *tar.Header {
	h := &tar.Header{
		Format: tar.FormatGNU, Typeflag: tar.TypeReg, Name: f.member(), Size: f.Size,
		Mode: int64(f.Mode.Perm()), ModTime: t.modTime, Uname: "root", Gname: "root",
	}
	switch {
	case f.Mode.IsDir():
		h.Typeflag = tar.TypeDir
	case f.Link != "":
		h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, f.Link, 0o777
	}
	if h.Mode == 0 {
		h.Mode = defaultMode(f.Mode)
	}
	return h
}

func defaultMode(mode fs.FileMode) int64 {
	if mode.IsDir() {
		return 0o755
	}
	return 0o644
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
