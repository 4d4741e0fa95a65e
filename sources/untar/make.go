package untar

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"time"
)

// make writes one entry; no directory above it is a link.
func (x *extractor) make(name string, h *tar.Header, content io.Reader) error {
	if h.Typeflag == tar.TypeDir {
		return x.makeDir(name, h)
	}
	if err := x.makeDirs(path.Dir(name), h); err != nil {
		return err
	}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse:
		return x.makeFile(name, h, content)
	case tar.TypeSymlink:
		return x.makeSymlink(name, h)
	case tar.TypeLink:
		return x.makeLink(name, h)
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		return x.leaveOut(name, h)
	}
	return x.refuse(h.Name, "unknown type "+string(rune(h.Typeflag)))
}

// leaveOut notes a file that no source needs, and makes none of that name.
func (x *extractor) leaveOut(name string, h *tar.Header) error {
	if len(x.stats.LeftOut) < mostLeftOut {
		x.stats.LeftOut = append(x.stats.LeftOut, name)
	}
	return x.clear(name, h)
}

func (x *extractor) makeDir(name string, h *tar.Header) error {
	if err := x.makeDirs(name, h); err != nil {
		return err
	}
	x.dirs[name] = h.ModTime
	return nil
}

// makeDirs makes name and its parents. Only directories made here count: anything else of that name is a file or a link,
// through which nothing is written.
func (x *extractor) makeDirs(name string, h *tar.Header) error {
	if _, ok := x.dirs[name]; ok {
		return nil
	}
	if err := x.makeDirs(path.Dir(name), h); err != nil {
		return err
	}
	if len(x.dirs) > x.limits.Entries { // names alone make directories, too
		return x.limit(h.Name, "entries", int64(x.limits.Entries))
	}
	if err := x.root.Mkdir(name, 0o755); errors.Is(err, fs.ErrExist) {
		return x.refuse(h.Name, name+" is not a directory but a file or a link")
	} else if err != nil {
		return err
	}
	x.dirs[name] = time.Time{}
	return nil
}

func (x *extractor) makeFile(name string, h *tar.Header, content io.Reader) error {
	if h.Size > x.limits.Bytes-x.stats.Bytes {
		return x.limit(h.Name, "bytes", x.limits.Bytes)
	}
	x.stats.Bytes += h.Size
	if err := x.clear(name, h); err != nil {
		return err
	}
	f, err := x.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(fill(f, content, mode(h)), f.Close()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return x.root.Chtimes(name, h.ModTime, h.ModTime)
}

func fill(f *os.File, content io.Reader, mode fs.FileMode) error {
	if _, err := io.Copy(f, content); err != nil {
		return err
	}
	return f.Chmod(mode)
}

func mode(h *tar.Header) fs.FileMode {
	if h.Mode&0o111 != 0 {
		return 0o755
	}
	return 0o644
}

func (x *extractor) makeSymlink(name string, h *tar.Header) error {
	target, err := x.target(h.Name, name, h.Linkname)
	if err != nil {
		return err
	}
	if err := x.clear(name, h); err != nil {
		return err
	}
	return x.root.Symlink(target, name)
}

// makeLink makes a hard link to a file of this archive. It refuses a link to a symbolic link, whose target would be another
// one at another path.
func (x *extractor) makeLink(name string, h *tar.Header) error {
	if reason := outside(h.Linkname); reason != "" {
		return x.refuse(h.Name, "hard link to "+h.Linkname+": "+reason)
	}
	target := path.Clean(h.Linkname)
	if _, ok := x.dirs[path.Dir(target)]; !ok {
		return x.refuse(h.Name, "hard link to "+h.Linkname+", which is not in the archive")
	}
	info, err := x.root.Lstat(target)
	if err != nil || !info.Mode().IsRegular() {
		return x.refuse(h.Name, "hard link to "+h.Linkname+", which is not a file")
	}
	if target == name {
		return nil
	}
	if err := x.clear(name, h); err != nil {
		return err
	}
	return x.root.Link(target, name)
}

// clear removes what an earlier entry of the same name left, as tar(1) does: writing would follow a link.
func (x *extractor) clear(name string, h *tar.Header) error {
	if _, ok := x.dirs[name]; ok {
		return x.refuse(h.Name, "takes the place of a directory")
	}
	if err := x.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// dateDirs sets directories' modes and dates after everything is written into them.
func (x *extractor) dateDirs() error {
	for name, date := range x.dirs {
		if err := x.root.Chmod(name, 0o755); err != nil {
			return err
		}
		if date.IsZero() {
			continue
		}
		if err := x.root.Chtimes(name, date, date); err != nil {
			return err
		}
	}
	return nil
}
