package payload

import (
	"archive/tar"
	"io"
	"io/fs"
	"path"
	"strings"

	"mago/debpkg"
)

// Read returns the contents of a .deb.
func Read(deb string) (p Package, err error) {
	r, err := debpkg.Open(deb)
	if err != nil {
		return p, err
	}
	defer r.Close()
	p.Name = r.Control().Get("Package")
	p.Conffiles = strings.Split(strings.TrimSuffix(string(r.Script("conffiles")), "\n"), "\n")
	p.Replaces = r.Control().Get("Replaces")
	err = r.EachFile(func(h *tar.Header, content io.Reader) error {
		p.Entries = append(p.Entries, member(h, content))
		return nil
	})
	return p, err
}

// member is an entry of data.tar; its name begins with a dot (deb(5)).
func member(h *tar.Header, content io.Reader) Entry {
	name := strings.TrimPrefix(h.Name, ".")
	e := Entry{Path: name, Mode: h.FileInfo().Mode() & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky | fs.ModeDir)}
	switch h.Typeflag {
	case tar.TypeDir:
		e.Path = path.Join("/", strings.TrimSuffix(name, "/"))
	case tar.TypeSymlink:
		e.Link, e.Mode = h.Linkname, 0
	case tar.TypeReg:
		if isLibrary(name) {
			e.Soname = soname(io.LimitReader(content, maxLibrary))
		}
	case tar.TypeLink:
		e.Odd = "a hard link"
	default:
		e.Odd = "a device or pipe"
	}
	return e
}
