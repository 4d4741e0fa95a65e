// Package way follows a path from directory to directory, by descriptors, and says who else could change what the path leads
// to. Root uses it for paths in other users' directories.
package way

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Way is a path that was followed to its end.
type Way struct {
	Path   string      // without links
	Info   os.FileInfo // of what is there
	Shared *Shared     // who else may change what the path leads to, or in a directory make names; nil: nobody
}

// Shared is a directory that somebody other than root and this process's user may change.
type Shared struct {
	Dir, By string
	Owned   bool // whether it belongs to whoever may change it
}

func (s *Shared) String() string { return s.Dir + " may be changed by " + s.By }

// LinkError says that the path follows another user's link to what does not belong to that user.
type LinkError struct{ Path, Owner string }

func (e *LinkError) Error() string {
	return fmt.Sprintf("%s is a link that belongs to %s and leads to what does not", e.Path, e.Owner)
}

// ChangedError says that a path leads to another file than before.
type ChangedError struct{ Path string }

func (e *ChangedError) Error() string { return e.Path + " was replaced meanwhile" }

// Find follows a path. It follows another user's link only to what belongs to that user; else the error is a *LinkError.
func Find(path string) (*Way, error) { return find(path, false) }

// Make is Find for a directory, and makes missing directories on the way.
func Make(dir string) (*Way, error) { return find(dir, true) }

// Root opens the directory at the end of the path.
func (w *Way) Root() (*os.Root, error) { return OpenRoot(w.Path, w.Info) }

// OpenFile opens a file that was looked at before, or fails with *ChangedError.
func OpenFile(path string, before os.FileInfo) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0) // a pipe in its place must not hold anybody up
	if err != nil {
		return nil, err
	}
	now, err := file.Stat()
	if err == nil && !os.SameFile(before, now) {
		err = &ChangedError{path}
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// OpenRoot opens a directory that was looked at before, or fails with *ChangedError. Without a look, before is nil.
func OpenRoot(dir string, before os.FileInfo) (*os.Root, error) {
	root, err := os.OpenRoot(dir)
	if err != nil || before == nil {
		return root, err
	}
	now, err := root.Stat(".")
	if err == nil && !os.SameFile(before, now) {
		err = &ChangedError{dir}
	}
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return root, nil
}

// maxLinks is the kernel's own bound.
const maxLinks = 40

// walk is a path that is being followed.
type walk struct {
	at     *os.File // the directory that has been reached
	info   unix.Stat_t
	path   string
	rest   []string
	links  []link // those of other users
	passed int
	shared *Shared
	makes  bool
}

type link struct {
	path string
	uid  uint32
}

func find(name string, makes bool) (*Way, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	w := &walk{rest: parts(abs), makes: makes}
	defer func() { w.at.Close() }()
	if err := w.begin(); err != nil {
		return nil, err
	}
	for len(w.rest) > 0 {
		if err := w.step(); err != nil {
			return nil, err
		}
	}
	return w.end()
}

func parts(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
}

// begin starts at the file system's root.
func (w *walk) begin() error { return w.enter(unix.AT_FDCWD, "/", "/") }

// enter opens the next file and closes the one before; it reads nothing and follows no link.
func (w *walk) enter(from int, name, path string) error {
	fd, err := unix.Openat(from, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	next := os.NewFile(uintptr(fd), path)
	if err := unix.Fstat(fd, &w.info); err != nil {
		return errors.Join(&os.PathError{Op: "stat", Path: path, Err: err}, next.Close())
	}
	if w.at != nil {
		w.at.Close()
	}
	w.at, w.path = next, path
	return nil
}

func (w *walk) step() error {
	name, here := w.rest[0], w.path
	w.rest = w.rest[1:]
	if name == "." {
		return nil
	}
	w.look(false)
	next := path.Join(here, name)
	fd := int(w.at.Fd())
	var info unix.Stat_t
	err := unix.Fstatat(fd, name, &info, unix.AT_SYMLINK_NOFOLLOW)
	if w.makes && errors.Is(err, unix.ENOENT) {
		if err := unix.Mkdirat(fd, name, 0o755); err != nil && !errors.Is(err, unix.EEXIST) {
			return &os.PathError{Op: "mkdir", Path: next, Err: err}
		}
		err = unix.Fstatat(fd, name, &info, unix.AT_SYMLINK_NOFOLLOW)
	}
	if err != nil {
		return &os.PathError{Op: "stat", Path: next, Err: err}
	}
	if info.Mode&unix.S_IFMT != unix.S_IFLNK {
		return w.enter(fd, name, next)
	}
	return w.follow(fd, name, next, info.Uid)
}

func (w *walk) follow(dir int, name, path string, owner uint32) error {
	if w.passed++; w.passed > maxLinks {
		return &os.PathError{Op: "open", Path: path, Err: unix.ELOOP}
	}
	if !trusted(owner) {
		w.links = append(w.links, link{path, owner})
	}
	target := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(dir, name, target)
	if err != nil {
		return &os.PathError{Op: "readlink", Path: path, Err: err}
	}
	w.rest = append(parts(string(target[:n])), w.rest...)
	if n > 0 && target[0] == '/' {
		return w.begin()
	}
	return nil
}

// end checks the owners of links and what they led to.
func (w *walk) end() (*Way, error) {
	for _, l := range w.links {
		if l.uid != w.info.Uid {
			return nil, &LinkError{l.path, userName(l.uid)}
		}
	}
	w.look(true)
	info, err := w.at.Stat()
	if err != nil {
		return nil, err
	}
	return &Way{Path: w.path, Info: info, Shared: w.shared}, nil
}

// look notes the first file on the way that somebody else may change. In a directory with the sticky bit others can make
// names, but not remove those of root or this user, so it matters only at the end.
func (w *walk) look(last bool) {
	if w.shared != nil {
		return
	}
	sticky := !last && w.info.Mode&unix.S_ISVTX != 0
	by, owned := "", !trusted(w.info.Uid)
	switch mode := w.info.Mode; {
	case owned:
		by = userName(w.info.Uid)
	case mode&0o002 != 0 && !sticky:
		by = "everybody"
	case mode&0o020 != 0 && !sticky && !w.ownGroup():
		by = "the group " + groupName(w.info.Gid)
	}
	if by != "" {
		w.shared = &Shared{w.path, by, owned}
	}
}
