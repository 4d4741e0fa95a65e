package cgroup

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// mounts are the usual paths of a hierarchy of version 2: the only one, or beside those of version 1. In a chroot the first
// process has it.
var mounts = []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/proc/1/root/sys/fs/cgroup", "/proc/1/root/sys/fs/cgroup/unified"}

// hierarchies passes the top directories of hierarchies of version 2 to use, one by one, until it wants no more.
func hierarchies(use func(top *os.File) bool) {
	for _, path := range mounts {
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			continue
		}
		var stat unix.Statfs_t
		top := os.NewFile(uintptr(fd), path)
		if unix.Fstatfs(fd, &stat) == nil && stat.Type == unix.CGROUP2_SUPER_MAGIC && !use(top) {
			return
		}
		_ = top.Close()
	}
	if top, err := mount(); err == nil && use(top) {
		_ = top.Close()
	}
}

// mount opens the hierarchy without a path in the file system. It is the last resort, because a mount from the first cgroup
// namespace resets the hierarchy's options.
func mount() (*os.File, error) {
	context, err := unix.Fsopen("cgroup2", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("fsopen: %w", err)
	}
	defer unix.Close(context)
	if err := unix.FsconfigCreate(context); err != nil {
		return nil, fmt.Errorf("fsconfig: %w", err)
	}
	fd, err := unix.Fsmount(context, unix.FSMOUNT_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("fsmount: %w", err)
	}
	return os.NewFile(uintptr(fd), "cgroup2"), nil
}

// New makes a group as root in the first hierarchy that permits it, preferring one that can hold limits.
func New(l Limits) (*Group, error) {
	var best *Group
	errs := []error{errors.New("no hierarchy of cgroups version 2")}
	hierarchies(func(top *os.File) bool {
		sweep(top)
		enable(top)
		g, err := newGroup(top, l)
		if err != nil {
			errs = append(errs, err)
			return true
		}
		best = g
		return false
	})
	if best == nil {
		return nil, errs[len(errs)-1]
	}
	return best, nil
}

// controllers are those that hold the limits.
var controllers = []string{"memory", "pids", "cpu"}

// enable turns the controllers on for groups in a directory, as far as possible. A directory with processes of its own cannot
// have them, except the top of all.
func enable(dir *os.File) {
	have, _ := read(dir, "cgroup.controllers")
	enabled, _ := read(dir, "cgroup.subtree_control")
	for _, name := range controllers {
		if hasWord(have, name) && !hasWord(enabled, name) {
			_ = write(dir, "cgroup.subtree_control", "+"+name)
		}
	}
}

func hasWord(text, word string) bool {
	for _, w := range strings.Fields(text) {
		if w == word {
			return true
		}
	}
	return false
}
