// Package deep walks directory trees that a hostile program has made or is changing. It needs three descriptors for any depth,
// follows no link and never leaves the tree.
package deep

import (
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Entry is a name in a directory that is open.
type Entry struct {
	In   int // descriptor of the directory that has the name
	Name string
	Stat unix.Stat_t
}

// IsDir reports whether the name is that of a directory, and not of a link to one.
func (e Entry) IsDir() bool { return e.Stat.Mode&unix.S_IFMT == unix.S_IFDIR }

// Walk calls visit for everything below dir, a directory before its contents, and leave for each directory after its contents.
// Either may be nil, and the first error of either ends the walk. Walk visits and leaves a directory that it cannot open; it
// opens one of the caller's own whatever its mode, and restores the mode when it leaves. It skips what others move away
// meanwhile.
func Walk(dir string, visit, leave func(Entry) error) error {
	fd, err := unix.Open(dir, openFlags, 0)
	if err != nil {
		return &fs.PathError{Op: "open", Path: dir, Err: err}
	}
	return from(os.NewFile(uintptr(fd), dir), visit, leave)
}

// from is Walk below an open directory, which it closes.
func from(top *os.File, visit, leave func(Entry) error) error {
	defer top.Close()
	w := walk{top: top, visit: visit, leave: leave}
	return w.run()
}

const openFlags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC

type walk struct {
	top          *os.File
	at           *os.File // the directory that the walk is in, of the last level; it may be top
	levels       []level
	visit, leave func(Entry) error
}

// level is a directory between the top and the walk.
type level struct {
	entry Entry    // the directory itself; its In is of no use any more
	lent  bool     // whether its mode is not what the entry says
	below []string // directories in it that the walk has not been in
}

func (w *walk) run() error {
	var top level
	if err := unix.Fstat(int(w.top.Fd()), &top.entry.Stat); err != nil {
		return &fs.PathError{Op: "stat", Path: w.top.Name(), Err: err}
	}
	w.at, w.levels = w.top, []level{top}
	defer func() { w.move(w.top) }()
	if err := w.list(); err != nil {
		return err
	}
	for {
		last := &w.levels[len(w.levels)-1]
		switch n := len(last.below); {
		case n > 0:
			name := last.below[n-1]
			last.below = last.below[:n-1]
			if err := w.down(name); err != nil {
				return err
			}
		case len(w.levels) == 1:
			return nil
		default:
			if err := w.up(); err != nil {
				return err
			}
		}
	}
}

// list visits the directory's contents.
func (w *walk) list() error {
	last := &w.levels[len(w.levels)-1]
	for {
		const some = 1000
		names, err := w.at.Readdirnames(some)
		for _, name := range names {
			e := Entry{In: int(w.at.Fd()), Name: name}
			if unix.Fstatat(e.In, name, &e.Stat, unix.AT_SYMLINK_NOFOLLOW) != nil {
				continue // gone meanwhile
			}
			if err := call(w.visit, e); err != nil {
				return err
			}
			if e.IsDir() {
				last.below = append(last.below, name)
			}
		}
		if err != nil {
			return nil // the end, or a directory that has been removed
		}
	}
}

func call(f func(Entry) error, e Entry) error {
	if f == nil {
		return nil
	}
	return f(e)
}

// down enters a directory, and leaves one that it cannot enter.
func (w *walk) down(name string) error {
	e := Entry{In: int(w.at.Fd()), Name: name}
	below, lent, err := open(e.In, name)
	switch {
	case err == nil:
		e.Stat = lent.before
		w.move(below)
		w.levels = append(w.levels, level{entry: e, lent: lent.rights})
		return w.list()
	case unix.Fstatat(e.In, name, &e.Stat, unix.AT_SYMLINK_NOFOLLOW) != nil || !e.IsDir():
		return nil // another thing by now
	}
	return call(w.leave, e)
}

// up leaves a directory. If the parent has been moved, the walk goes on in the lowest level that is still in its place.
func (w *walk) up() error {
	n := len(w.levels) - 1
	left := w.levels[n]
	w.levels = w.levels[:n]
	above, _, err := open(int(w.at.Fd()), "..")
	if left.lent {
		_ = w.at.Chmod(fs.FileMode(left.entry.Stat.Mode & 0o777))
	}
	if err != nil {
		return w.again()
	}
	if !w.levels[n-1].is(above) {
		_ = above.Close()
		return w.again()
	}
	w.move(above)
	left.entry.In = int(w.at.Fd())
	return call(w.leave, left.entry)
}

// again goes down from the top, as far as the levels on the way are still there.
func (w *walk) again() error {
	w.move(w.top)
	for i := 1; i < len(w.levels); i++ {
		below, _, err := open(int(w.at.Fd()), w.levels[i].entry.Name)
		if err == nil && w.levels[i].is(below) {
			w.move(below)
			continue
		}
		if err == nil {
			_ = below.Close()
		}
		w.levels = w.levels[:i]
	}
	return nil
}

// move makes another directory the current one.
func (w *walk) move(to *os.File) {
	if w.at != w.top {
		_ = w.at.Close()
	}
	w.at = to
}

func (l level) is(dir *os.File) bool {
	var stat unix.Stat_t
	return unix.Fstat(int(dir.Fd()), &stat) == nil && stat.Dev == l.entry.Stat.Dev && stat.Ino == l.entry.Stat.Ino
}
