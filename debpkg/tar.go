package debpkg

import (
	"archive/tar"
	"cmp"
	"fmt"
	"io"
	"time"
)

// tarball writes one of a package's two tar members. It keeps to the GNU format: dpkg refuses the PAX headers that
// archive/tar would choose for long and non-ASCII names, although dpkg-deb takes them.
type tarball struct {
	tw      *tar.Writer
	modTime time.Time
	sums    []byte // md5sums (deb-md5sums(5)) of the regular files so far
}

func newTarball(w io.Writer, modTime time.Time) *tarball {
	return &tarball{tw: tar.NewWriter(w), modTime: modTime}
}

// add writes files in their order.
func (t *tarball) add(files []File) error {
	loading := load(files)
	defer loading.close()
	var file *File
	for p := range loading.pieces {
		if p.begins != nil {
			file = p.begins
		}
		if err := t.addPiece(file, p); err != nil {
			return fmt.Errorf("pack %s: %w", file.Path, err)
		}
		if p.data != nil {
			loading.free <- p.data[:cap(p.data)]
		}
	}
	return t.tw.Close()
}

func (t *tarball) addPiece(f *File, p piece) error {
	switch {
	case p.err != nil:
		return p.err
	case p.begins != nil:
		return t.tw.WriteHeader(header(*f, t.modTime))
	case p.sum != nil:
		t.sums = fmt.Appendf(t.sums, "%x  %s\n", p.sum, f.Path[1:])
		return nil
	}
	_, err := t.tw.Write(p.data)
	return err
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

func (f File) regular() bool { return !f.Mode.IsDir() && f.Link == "" }
