package sandbox

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Shown is a directory that a sandbox shows beside the system's own. It is held by its identity: another one that has
// taken its place meanwhile is not shown.
type Shown struct {
	Path          string // inside the sandbox; sandboxes without bubblewrap show it at Dir alone
	Dir           string // inside the root, links resolved
	Device, Inode uint64
}

// IsSystem reports whether a path lies in what every sandbox shows of the system.
func IsSystem(path string) bool {
	return slices.ContainsFunc(system, func(dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") })
}

// shows lays out the directories.
func (r Sandbox) shows(all []Shown) []string {
	var args []string
	for _, s := range all {
		args = append(args, bind("--ro-bind", r.host(s.Dir), s.Path)...)
	}
	return args
}

// identify is a program that becomes another one where directories are those that they were.
const identify = `while [ "$1" != -- ]; do
	[ "$(/usr/bin/stat -c %d:%i -- "$2")" = "$1" ] || { echo "mago: $2 is another directory now" >&2; exit 126; }
	shift 2
done
shift
exec "$@"`

// identified puts that before a program: bubblewrap follows links that were set after a directory was judged.
func identified(all []Shown) []string {
	if len(all) == 0 {
		return nil
	}
	args := []string{"/bin/sh", "-c", identify, "mago-identify"}
	for _, s := range all {
		args = append(args, fmt.Sprintf("%d:%d", s.Device, s.Inode), s.Path)
	}
	return append(args, "--")
}

// open opens the directory by the descriptor that a rule of Landlock takes.
func (s Shown) open() (fd int, err error) {
	fd, err = unix.Open(s.Dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("show %s: %w", s.Dir, err)
	}
	var stat unix.Stat_t
	err = unix.Fstat(fd, &stat)
	if err == nil && (uint64(stat.Dev) != s.Device || stat.Ino != s.Inode) {
		err = fmt.Errorf("%s is another directory now", s.Dir)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}
