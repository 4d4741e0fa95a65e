package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// layout is the file system of a sandbox in namespaces, which bubblewrap does not lay out. It ends with its mount namespace, and
// nothing of it gets back to the system's.
type layout struct {
	own     map[uint64]bool // the devices of what it keeps in memory, where it may make directories
	covered []string        // directories that it shows again
}

// layOut has the entrant see the root with a /tmp and a /dev/shm of its own, and every mount where programs find it.
func (o order) layOut() error {
	trees := make([]int, len(o.Mounts))
	for i, m := range o.Mounts {
		tree, err := m.clone()
		if err != nil {
			return fmt.Errorf("show %s: %w", m.Path, err)
		}
		trees[i] = tree
	}
	if err := enterCopy(filepath.Join("/", o.Chroot)); err != nil {
		return err
	}
	l := layout{own: map[uint64]bool{}}
	for _, dir := range scratchDirs {
		if err := l.scratch(dir, o.Limits.Memory/2); err != nil {
			return err
		}
	}
	for i, m := range o.Mounts {
		if err := l.place(m.Path, trees[i]); err != nil {
			return fmt.Errorf("show %s: %w", m.Path, err)
		}
	}
	return l.seal()
}

// enterCopy changes into a copy of a directory's mounts. The directory is no mount point where somebody is in a plain
// chroot(2), and so cannot be made private; /proc always is one, and lies under the copy from then on.
func enterCopy(root string) error {
	const under = "/proc"
	tree, err := unix.OpenTree(unix.AT_FDCWD, root, cloning)
	if err == nil {
		err = unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &unix.MountAttr{Propagation: unix.MS_PRIVATE})
	}
	if err == nil {
		err = unix.Mount("", under, "", unix.MS_PRIVATE, "")
	}
	if err == nil {
		err = errors.Join(attach(tree, under), unix.Chroot(under), os.Chdir("/"))
	}
	if err != nil {
		return fmt.Errorf("copy the mounts of %s: %w", root, err)
	}
	return nil
}

const cloning = unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC | unix.AT_RECURSIVE

// clone gives a mount of what is still what it was, which is nowhere yet.
func (m Mount) clone() (tree int, err error) {
	if tree, err = unix.OpenTree(unix.AT_FDCWD, m.Host, cloning); err != nil {
		return -1, err
	}
	if _, err := m.identify(tree); err != nil {
		return -1, err
	}
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV, Propagation: unix.MS_PRIVATE}
	if !m.Writable {
		attr.Attr_set |= unix.MOUNT_ATTR_RDONLY
	}
	return tree, unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &attr)
}

func attach(tree int, path string) error {
	return unix.MoveMount(tree, "", unix.AT_FDCWD, path, unix.MOVE_MOUNT_F_EMPTY_PATH)
}

// scratchDirs are in memory wherever a sandbox has a file system of its own.
var scratchDirs = []string{"/tmp", "/dev/shm"}

// scratch covers a directory, where it is there, by one in memory that everybody may write to; size 0 is the kernel's, half of
// the memory.
func (l *layout) scratch(dir string, size int64) error {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil
	}
	options := "mode=1777"
	if size > 0 {
		options += fmt.Sprintf(",size=%d", size)
	}
	return l.mount(dir, options)
}

// mount covers a directory by an empty one in memory. The root cannot be covered: whoever stands in it does not see that.
func (l *layout) mount(dir, options string) error {
	var below, stat unix.Stat_t
	err := unix.Stat(dir, &below)
	if err == nil {
		err = unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, options)
	}
	if err == nil {
		err = unix.Stat(dir, &stat)
	}
	if err == nil && stat.Dev == below.Dev {
		err = errors.New("it is not covered")
	}
	if err != nil {
		return fmt.Errorf("mount a directory in memory at %s: %w", dir, err)
	}
	l.own[stat.Dev] = true
	return nil
}

// place attaches a tree where programs find it, unless it lies there.
func (l *layout) place(path string, tree int) error {
	var is, there unix.Stat_t
	if err := unix.Fstat(tree, &is); err != nil {
		return err
	}
	if unix.Stat(path, &there) == nil && there.Dev == is.Dev && there.Ino == is.Ino {
		return nil
	}
	point, err := l.point(path, is.Mode&unix.S_IFMT == unix.S_IFDIR)
	if err != nil {
		return err
	}
	return attach(tree, point)
}

// point gives a mount point for a directory or a file. It makes one in memory alone, never on a disk of the system's.
func (l *layout) point(path string, dir bool) (string, error) {
	above, rest := deepest(path)
	point := filepath.Join(above, rest)
	if info, err := os.Lstat(point); err == nil && info.IsDir() == dir && info.Mode()&fs.ModeSymlink == 0 {
		return point, nil
	}
	var stat unix.Stat_t
	if err := unix.Stat(above, &stat); err != nil {
		return "", err
	}
	first, _, _ := strings.Cut(rest, "/")
	var err error
	if l.own[stat.Dev] {
		err = unix.Unlink(filepath.Join(above, first)) // a link that leads nowhere, or to what is shown elsewhere
	} else {
		err = l.cover(above, first)
	}
	if err != nil && !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.EISDIR) {
		return "", err
	}
	return point, makePoint(point, dir)
}

// deepest parts a path into the deepest directory above it that is there, links resolved, and the rest.
func deepest(path string) (above, rest string) {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		real, err := filepath.EvalSymlinks(dir)
		if info, statErr := os.Stat(real); err == nil && statErr == nil && info.IsDir() {
			return real, strings.TrimPrefix(strings.TrimPrefix(path, dir), "/")
		}
	}
}

func makePoint(point string, dir bool) error {
	if dir {
		return os.MkdirAll(point, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(point), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(point, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	return file.Close()
}

// cover shows a directory once more, in memory, but for one name.
func (l *layout) cover(dir, but string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	links, trees := map[string]string{}, map[string]int{}
	for _, e := range entries {
		name, path := e.Name(), filepath.Join(dir, e.Name())
		switch {
		case name == but:
		case e.Type() == fs.ModeSymlink:
			links[name], err = os.Readlink(path)
		default:
			trees[name], err = unix.OpenTree(unix.AT_FDCWD, path, cloning)
		}
		if err != nil {
			return fmt.Errorf("show %s again: %w", path, err)
		}
	}
	if err := l.mount(dir, "mode=0755"); err != nil {
		return err
	}
	l.covered = append(l.covered, dir)
	for name, target := range links {
		err = errors.Join(err, os.Symlink(target, filepath.Join(dir, name)))
	}
	for name, tree := range trees {
		err = errors.Join(err, reattach(tree, filepath.Join(dir, name)))
	}
	return err
}

func reattach(tree int, point string) error {
	var is unix.Stat_t
	err := unix.Fstat(tree, &is)
	if err == nil {
		err = makePoint(point, is.Mode&unix.S_IFMT == unix.S_IFDIR)
	}
	if err == nil {
		err = attach(tree, point)
	}
	return errors.Join(err, unix.Close(tree))
}

// seal leaves nothing to be written to but what is mounted so.
func (l *layout) seal() error {
	for _, dir := range l.covered {
		if err := unix.MountSetattr(unix.AT_FDCWD, dir, 0, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}); err != nil {
			return fmt.Errorf("close %s: %w", dir, err)
		}
	}
	return nil
}
