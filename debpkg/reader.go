package debpkg

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"

	"mago/debpkg/codec"
	"mago/debpkg/control"
)

// Reader gives what is in a .deb.
type Reader struct {
	path    string
	file    *os.File
	data    member
	info    map[string][]byte // the files of control.tar
	control control.Paragraph
}

// Open reads a package's control information and leaves its data for Data. A file that is no intact package gives
// a *FormatError. The caller closes the Reader.
func Open(path string) (*Reader, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r := &Reader{path: path, file: file}
	if err := r.read(); err != nil {
		file.Close()
		return nil, err
	}
	return r, nil
}

func (r *Reader) read() error {
	stat, err := r.file.Stat()
	if err != nil {
		return err
	}
	all, err := members(r.file, stat.Size())
	if err != nil {
		return r.fault("", err)
	}
	p, err := pick(all)
	if err != nil {
		return r.fault("", err)
	}
	if err := checkFormatVersion(p.version, r.file); err != nil {
		return r.fault(p.version.name, err)
	}
	if _, err := p.data.format(); err != nil {
		return r.fault(p.data.name, err)
	}
	r.data = p.data
	if err := r.readControl(p.control); err != nil {
		return r.fault(p.control.name, err)
	}
	return nil
}

func (r *Reader) fault(member string, err error) error {
	return &FormatError{Path: r.path, Member: member, Err: err}
}

// formatVersion takes any minor number and any further lines, as deb(5) asks of readers.
var formatVersion = regexp.MustCompile(`^2\.[0-9]{1,4}\n`)

func checkFormatVersion(m member, f io.ReaderAt) error {
	if m.name != "debian-binary" {
		return errors.New("not the member debian-binary")
	}
	head, err := io.ReadAll(io.LimitReader(m.open(f), 16))
	if err == nil && !formatVersion.Match(head) {
		err = fmt.Errorf("format version %q is not 2.x", head)
	}
	return err
}

// openTar decompresses a member. The bytes have to be of the format that the name says: dpkg goes by the name.
func (r *Reader) openTar(m member) (io.ReadCloser, error) {
	want, err := m.format()
	if err != nil {
		return nil, err
	}
	rc, got, err := codec.NewSingleReader(m.open(r.file))
	if err != nil {
		return nil, err
	}
	if got != want {
		rc.Close()
		return nil, fmt.Errorf("contents are in format %s", got)
	}
	return rc, nil
}

// Control is the package's control paragraph.
func (r *Reader) Control() control.Paragraph { return r.control }

// Script is the text of a maintainer script (preinst, postinst, prerm, postrm) or of another file of the control
// member (md5sums, conffiles), nil where there is none.
func (r *Reader) Script(name string) []byte { return r.info[name] }

// Data is the decompressed data.tar, from its beginning. The caller closes it, before the Reader; damage gives a *FormatError.
func (r *Reader) Data() (io.ReadCloser, error) {
	rc, err := r.openTar(r.data)
	if err != nil {
		return nil, r.fault(r.data.name, err)
	}
	return &dataReader{ReadCloser: rc, r: r}, nil
}

// EachFile calls do for each entry of data.tar, in their order, until one gives an error.
func (r *Reader) EachFile(do func(h *tar.Header, content io.Reader) error) error {
	data, err := r.Data()
	if err != nil {
		return err
	}
	defer data.Close()
	for files := tar.NewReader(data); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = do(h, files)
		}
		if err != nil {
			return err
		}
	}
}

// Close closes the file.
func (r *Reader) Close() error { return r.file.Close() }

type dataReader struct {
	io.ReadCloser
	r *Reader
}

func (d *dataReader) Read(p []byte) (int, error) {
	n, err := d.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = d.r.fault(d.r.data.name, err)
	}
	return n, err
}
