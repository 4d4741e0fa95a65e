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

	"golang.org/x/sys/unix"
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
	dir, err := x.openDir(path.Dir(name))
	if err != nil {
		return err
	}
	const flags = unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Openat(dir, path.Base(name), flags, 0o600)
	if errors.Is(err, fs.ErrExist) {
		if err := x.clear(name, h); err != nil {
			return err
		}
		fd, err = unix.Openat(dir, path.Base(name), flags, 0o600)
	}
	if err == nil {
		err = errors.Join(x.fill(descriptor(fd), content, mode(h)), unix.Close(fd))
	}
	if err == nil {
		err = setDate(dir, path.Base(name), h.ModTime)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// openDir opens a directory that was made here, unless it is that of the last file: archives come directory by directory, and a
// way through os.Root costs two system calls for each part of a name.
func (x *extractor) openDir(name string) (int, error) {
	if x.into == nil || x.intoName != name {
		dir, err := x.root.OpenFile(name, os.O_RDONLY|unix.O_DIRECTORY, 0)
		if err != nil {
			return -1, err
		}
		x.closeDir()
		x.into, x.intoName = dir, name
	}
	return int(x.into.Fd()), nil
}

func (x *extractor) closeDir() {
	if x.into != nil {
		x.into.Close()
	}
}

// descriptor is an open file, without what os.File does for each.
type descriptor int

func (d descriptor) Write(p []byte) (n int, err error) {
	for n < len(p) {
		wrote, err := unix.Write(int(d), p[n:])
		if err != nil && err != unix.EINTR {
			return n, os.NewSyscallError("write", err)
		}
		n += max(0, wrote)
	}
	return n, nil
}

func (x *extractor) fill(d descriptor, content io.Reader, mode uint32) error {
	if _, err := io.CopyBuffer(d, content, x.buffer); err != nil {
		return err
	}
	return unix.Fchmod(int(d), mode)
}

func mode(h *tar.Header) uint32 {
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
		dir, err := x.openDir(name)
		if err == nil {
			err = unix.Fchmod(dir, 0o755)
		}
		if err == nil && !date.IsZero() {
			err = setDate(dir, ".", date)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func setDate(dir int, name string, date time.Time) error {
	at := unix.NsecToTimespec(date.UnixNano())
	return unix.UtimesNanoAt(dir, name, []unix.Timespec{at, at}, unix.AT_SYMLINK_NOFOLLOW)
}
