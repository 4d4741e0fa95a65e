package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// layout is the file system of a sandbox in namespaces, which bubblewrap does not lay out. It ends with its mount namespace, and
// nothing of it gets back to the system's. What it makes it makes by descriptors of what it keeps in memory, never by a path: of
// some directories above a mount point the owner is no friend, who puts a link in their place meanwhile.
type layout struct {
	own     map[uint64]bool // the devices of what it keeps in memory, where it may make directories
	covered []int           // what stands for directories that it shows again
}

// layOut has the entrant see the root with a /tmp and a /dev/shm of its own, and every mount where programs find it.
func (o order) layOut() error {
	trees := make([]int, len(o.Mounts))
	for i, m := range o.Mounts {
		if m.Link != "" {
			continue
		}
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
		show := func() error { return l.place(m.Path, trees[i]) }
		if m.Link != "" {
			show = func() error { return l.link(m.Path, m.Link) }
		}
		if err := show(); err != nil {
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
		err = errors.Join(attach(tree, place{unix.AT_FDCWD, under}), unix.Chroot(under), os.Chdir("/"))
	}
	if err != nil {
		return fmt.Errorf("copy the mounts of %s: %w", root, err)
	}
	return nil
}

const cloning = unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC | unix.AT_RECURSIVE

// clone copies the mount of Host, if that is still what it was. The copy is not attached yet.
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

// place is a name in an open directory, which nobody can exchange.
type place struct {
	dir  int // its descriptor
	name string
}

func attach(tree int, at place) error {
	return unix.MoveMount(tree, "", at.dir, at.name, unix.MOVE_MOUNT_F_EMPTY_PATH)
}

// scratchDirs are in memory wherever a sandbox has a file system of its own.
var scratchDirs = []string{"/tmp", "/dev/shm"}

// scratch covers a directory, where it is there, by one in memory that everybody may write to; size 0 is the kernel's, half of
// the memory.
func (l *layout) scratch(path string, size int64) error {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return nil
	}
	options := []string{"mode", "1777"}
	if size > 0 {
		options = append(options, "size", strconv.FormatInt(size, 10))
	}
	dir, err := openDir(unix.AT_FDCWD, path, 0)
	if err == nil {
		_, err = l.mount(dir, options...)
	}
	if err != nil {
		return fmt.Errorf("mount a directory in memory at %s: %w", path, err)
	}
	return nil
}

// openDir opens a directory to find names from. Its descriptor ends when the entrant becomes the program.
func openDir(in int, name string, flags int) (dir int, err error) {
	return unix.Openat(in, name, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC|flags, 0)
}

// mount covers a directory by an empty one in memory, and opens that. The root cannot be covered: whoever stands in it does not
// see that.
func (l *layout) mount(dir int, options ...string) (top int, err error) {
	var root, stat unix.Stat_t
	if err := errors.Join(unix.Stat("/", &root), unix.Fstat(dir, &stat)); err != nil {
		return -1, err
	}
	if root.Dev == stat.Dev && root.Ino == stat.Ino {
		return -1, errors.New("it is not covered")
	}
	fs, err := unix.Fsopen("tmpfs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, err
	}
	defer unix.Close(fs)
	for i := 0; i < len(options); i += 2 {
		if err := unix.FsconfigSetString(fs, options[i], options[i+1]); err != nil {
			return -1, err
		}
	}
	if err := unix.FsconfigCreate(fs); err != nil {
		return -1, err
	}
	if top, err = unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV); err != nil {
		return -1, err
	}
	if err := unix.MoveMount(top, "", dir, "", unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH); err != nil {
		return -1, err
	}
	err = unix.Fstat(top, &stat)
	l.own[stat.Dev] = true
	return top, err
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
	point, err := l.point(path, is.Mode&unix.S_IFMT)
	if err != nil {
		return err
	}
	return attach(tree, point)
}

// link makes a symbolic link where programs find it.
func (l *layout) link(path, target string) error {
	point, err := l.point(path, unix.S_IFLNK)
	if err != nil {
		return err
	}
	return unix.Symlinkat(target, point.dir, point.name)
}

// point gives a mount point for a directory or a file, or the place for a link. It makes one in memory alone, never on a disk of
// the system's.
func (l *layout) point(path string, kind uint32) (place, error) {
	above, rest := deepest(path)
	var stat unix.Stat_t
	dir, err := openDir(unix.AT_FDCWD, above, 0)
	if err != nil {
		return place{}, err
	}
	if err := unix.Fstatat(dir, rest, &stat, unix.AT_SYMLINK_NOFOLLOW); err == nil && isPoint(stat.Mode, kind) {
		return place{dir, rest}, nil
	}
	if err := unix.Fstat(dir, &stat); err != nil {
		return place{}, err
	}
	first, _, _ := strings.Cut(rest, "/")
	if l.own[stat.Dev] {
		err = unix.Unlinkat(dir, first, 0) // a link that leads nowhere, or to what is shown elsewhere
	} else if dir, err = l.cover(dir, first); err != nil {
		err = fmt.Errorf("show %s again: %w", above, err)
	}
	if err != nil && !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.EISDIR) {
		return place{}, err
	}
	return makePoint(dir, rest, kind)
}

// isPoint reports whether what there is takes a mount of a kind: a directory one of a directory, a file one of a file.
func isPoint(mode, kind uint32) bool {
	is := mode & unix.S_IFMT
	return is != unix.S_IFLNK && kind != unix.S_IFLNK && (is == unix.S_IFDIR) == (kind == unix.S_IFDIR)
}

// deepest splits a path into the deepest existing directory above it, with links resolved, and the rest.
func deepest(path string) (above, rest string) {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		real, err := filepath.EvalSymlinks(dir)
		if info, statErr := os.Stat(real); err == nil && statErr == nil && info.IsDir() {
			return real, strings.TrimPrefix(strings.TrimPrefix(path, dir), "/")
		}
	}
}

// makePoint makes a mount point in a directory in memory, with the directories above it; of a link these alone.
func makePoint(dir int, path string, kind uint32) (place, error) {
	for first, rest, more := strings.Cut(path, "/"); more; first, rest, more = strings.Cut(rest, "/") {
		err := unix.Mkdirat(dir, first, 0o755)
		if err == nil || errors.Is(err, unix.EEXIST) {
			dir, err = openDir(dir, first, unix.O_NOFOLLOW)
		}
		if err != nil {
			return place{}, err
		}
		path = rest
	}
	if kind == unix.S_IFDIR {
		if err := unix.Mkdirat(dir, path, 0o755); !errors.Is(err, unix.EEXIST) {
			return place{dir, path}, err
		}
		return place{dir, path}, nil
	}
	if kind == unix.S_IFLNK {
		return place{dir, path}, nil
	}
	file, err := unix.Openat(dir, path, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, 0o644)
	if err != nil {
		return place{}, err
	}
	return place{dir, path}, unix.Close(file)
}

// cover mounts a directory in memory over another one, shows in it what that has, but for one name, and opens it.
func (l *layout) cover(dir int, but string) (top int, err error) {
	names, rights, err := list(dir)
	if err != nil {
		return -1, err
	}
	links, trees := map[string]string{}, map[string]int{}
	for _, name := range names {
		if name == but {
			continue
		}
		target := make([]byte, unix.PathMax)
		n, err := unix.Readlinkat(dir, name, target)
		if err == nil {
			links[name] = string(target[:n])
		} else {
			trees[name], err = unix.OpenTree(dir, name, cloning|unix.AT_SYMLINK_NOFOLLOW)
		}
		if err != nil {
			return -1, fmt.Errorf("%s: %w", name, err)
		}
	}
	if top, err = l.mount(dir, "mode", strconv.FormatUint(uint64(rights), 8)); err != nil {
		return -1, fmt.Errorf("mount a directory in memory: %w", err)
	}
	l.covered = append(l.covered, top)
	for name, target := range links {
		err = errors.Join(err, unix.Symlinkat(target, top, name))
	}
	for name, tree := range trees {
		err = errors.Join(err, reattach(tree, top, name))
	}
	return top, err
}

// list gives the names in a directory, and the rights that others have there and its owner in memory.
func list(dir int) (names []string, rights uint32, err error) {
	fd, err := unix.Openat(dir, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, 0, err
	}
	file := os.NewFile(uintptr(fd), "directory")
	defer file.Close()
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return nil, 0, err
	}
	names, err = file.Readdirnames(-1)
	return names, 0o700 | stat.Mode&0o055, err
}

func reattach(tree, top int, name string) error {
	var is unix.Stat_t
	err := unix.Fstat(tree, &is)
	if err == nil {
		var point place
		if point, err = makePoint(top, name, is.Mode&unix.S_IFMT); err == nil {
			err = attach(tree, point)
		}
	}
	return errors.Join(err, unix.Close(tree))
}

// seal makes the covered directories read-only; mounts in them stay as they are.
func (l *layout) seal() error {
	for _, top := range l.covered {
		if err := unix.MountSetattr(top, "", unix.AT_EMPTY_PATH, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}); err != nil {
			return fmt.Errorf("close what is shown again: %w", err)
		}
	}
	return nil
}
