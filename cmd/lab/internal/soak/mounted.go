package soak

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"mago/cmd/lab/internal/debian"
)

// mounted is a small file system over a directory of the system.
type mounted struct {
	*debian.System
	dir  string // the system's path
	keep bool   // whether it has what the directory has, and gives it back
}

// aside is where it is made, below the system.
const aside = "/mnt"

// with does something while it is there.
func (d mounted) with(do func() error) (err error) {
	for _, dir := range []string{d.Path(aside), d.Path(d.dir)} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if err := syscall.Mount("tmpfs", d.Path(aside), "tmpfs", 0, "mode=755,size=1G"); err != nil {
		return fmt.Errorf("mount a tmpfs: %w", err)
	}
	defer func() { err = errors.Join(err, syscall.Unmount(d.Path(aside), syscall.MNT_DETACH)) }()
	if d.dir == "/tmp" {
		err = os.Chmod(d.Path(aside), 0o1777)
	}
	if d.keep {
		err = copyAll(d.Path(d.dir), d.Path(aside))
	}
	if err != nil {
		return err
	}
	if err := syscall.Mount(d.Path(aside), d.Path(d.dir), "", syscall.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount %s: %w", d.dir, err)
	}
	err = errors.Join(do(), syscall.Unmount(d.Path(d.dir), syscall.MNT_DETACH))
	if d.keep {
		err = errors.Join(err, os.RemoveAll(d.Path(d.dir)), os.MkdirAll(d.Path(d.dir), 0o755), copyAll(d.Path(aside), d.Path(d.dir)))
	}
	return err
}

func copyAll(from, to string) error {
	if out, err := exec.Command("cp", "-a", from+"/.", to).CombinedOutput(); err != nil {
		return fmt.Errorf("copy %s: %w: %s", from, err, out)
	}
	return nil
}

// leave makes it as large as what it holds and some bytes that are free.
func (d mounted) leave(free int64) error {
	var now syscall.Statfs_t
	if err := syscall.Statfs(d.Path(aside), &now); err != nil {
		return err
	}
	used := int64(now.Blocks-now.Bfree) * now.Bsize
	size := max(used+free, now.Bsize) // no limit where it is 0
	return syscall.Mount("tmpfs", d.Path(aside), "tmpfs", syscall.MS_REMOUNT, "size="+strconv.FormatInt(size, 10))
}
