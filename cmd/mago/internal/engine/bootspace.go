package engine

import (
	"context"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"

	"mago/cmd/mago/internal/store"
	"mago/debpkg/rooted"
)

// BootSpaceError says that a package has its kernel's initramfs made anew, and that there is no room for it beside the old one.
type BootSpaceError struct {
	Package, Image string
	Needed, Free   int64 // bytes
}

func (e *BootSpaceError) Error() string {
	return fmt.Sprintf("install %s: %s is to be made anew, which takes %s more in %s, where %s are free", e.Package, e.Image, Size(e.Needed), filepath.Dir(e.Image), Size(e.Free))
}

// checkBootSpace finds out whether a build's package has its kernel's initramfs made anew, and fails with *BootSpaceError where
// there is no room for that: update-initramfs writes the new one beside the old. It reads no image where there is room.
func (it *installer) checkBootSpace(ctx context.Context, u unit, built store.Record) error {
	e := &BootSpaceError{Package: built.Package, Image: initramfsOf(u.Kernel.Release)}
	image, err := rooted.Root(it.Root).Stat(e.Image)
	if err != nil {
		return nil // where there is none, none is made
	}
	e.Needed = image.Size() + image.Size()/8 + built.Size // two images of a kernel are never quite the same
	if e.Free, err = it.host.freeSpace(filepath.Dir(e.Image)); err != nil || e.Free >= e.Needed {
		return nil // what cannot be told is left to update-initramfs
	}
	if remakes, err := it.remakesInitramfs(ctx, built, u.Kernel.Release); err != nil || !remakes {
		return err
	}
	return e
}

// freeSpace is what root may write in a directory's file system, in bytes.
func (h *host) freeSpace(dir string) (int64, error) {
	path, err := rooted.Root(h.root).Path(dir)
	if err != nil {
		return 0, err
	}
	if h.Free != nil {
		return h.Free(path)
	}
	var disk unix.Statfs_t
	err = unix.Statfs(path, &disk)
	return int64(disk.Bfree) * disk.Bsize, err
}
