// Package debpkg writes and reads Debian binary packages (deb(5)): files and a control paragraph. What they are for, where
// they come from and how they are installed is known elsewhere.
package debpkg

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"mago/debpkg/codec"
)

// Field is one field of a control paragraph. In Value, a newline begins a continuation line, which is written without
// the blank that marks it in the file, and an empty line stands for " ." there; control.Paragraph gives values so.
type Field struct{ Name, Value string }

// Package is a binary package to be written.
type Package struct {
	// Control holds the fields in their order. Package, Version, Architecture, Maintainer and Description must be there
	// (Policy 5.3); Write computes Installed-Size, and leaves out fields without a value as dpkg-gencontrol does.
	Control []Field
	// Scripts maps preinst, postinst, prerm and postrm to their text.
	Scripts map[string]string
	// Conffiles lists the Files that are configuration, which dpkg leaves as the administrator has them (deb-conffiles(5)).
	Conffiles []string
	// Triggers are lines of deb-triggers(5).
	Triggers []string
	// Files may stand in any order; their parent directories are made, 0755 root:root.
	Files []File
	// ModTime, in whole seconds, becomes the time of everything in the package; the zero Time stands for 1970.
	ModTime time.Time
}

// File is one file, symbolic link or directory of a package; it belongs to root:root.
type File struct {
	Path string      // absolute on the target
	Mode fs.FileMode // permissions, 0 for the usual ones; fs.ModeDir makes it a directory, for those that are empty or not 0755
	Link string      // target, which makes it a symbolic link
	Size int64       // what Open's reader gives, exactly
	Open func() (io.ReadCloser, error)
}

// Bytes is a regular file that holds content.
func Bytes(path string, content []byte) File {
	return File{Path: path, Size: int64(len(content)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content)), nil
	}}
}

// OnDisk is the file, symbolic link or directory (without what it holds) that now lies at disk, with its permissions.
func OnDisk(path, disk string) (File, error) {
	info, err := os.Lstat(disk)
	if err != nil {
		return File{}, err
	}
	f := File{Path: path, Mode: info.Mode() & (fs.ModePerm | fs.ModeDir)}
	switch info.Mode().Type() {
	case 0:
		f.Size = info.Size()
		f.Open = func() (io.ReadCloser, error) { return os.Open(disk) }
	case fs.ModeSymlink:
		f.Mode = 0
		f.Link, err = os.Readlink(disk)
	case fs.ModeDir:
	default:
		err = fmt.Errorf("pack %s: neither file, symbolic link nor directory", disk)
	}
	return f, err
}

// Options chooses how a package is written; the zero Options are good ones.
type Options struct {
	// Compression is that of data.tar: codec.Zstd (the default; dpkg 1.21.18 and newer), XZ, Gzip or None.
	Compression codec.Format
	// Threads bounds the cores in use, 0 for all; the bytes of the package do not depend on it.
	Threads int
}

func (o Options) compression() codec.Format {
	if o.Compression == "" {
		return codec.Zstd
	}
	return o.Compression
}

func (p *Package) field(name string) string {
	for _, f := range p.Control {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// modTime is never the zero Time, which neither ar nor tar can say.
func (p *Package) modTime() time.Time {
	if p.ModTime.IsZero() {
		return time.Unix(0, 0)
	}
	return p.ModTime.Truncate(time.Second)
}
