package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"mago/cmd/mago/internal/store"
	"mago/sources/lock"
	"mago/sources/way"
)

// deliver puts copies of a build's packages where --dest says. Others may write there: nothing of mago's is read from it.
func (bu *builder) deliver(ctx context.Context, r store.Record) error {
	dest := bu.Of(r.Module).Dest
	if dest == "" || bu.DryRun {
		return nil
	}
	d, err := bu.openDest(ctx, dest)
	if err != nil {
		return err
	}
	defer d.close()
	debs := []string{r.Deb}
	if r.Common != nil {
		debs = append(debs, r.Common.Deb)
	}
	for _, deb := range debs {
		if err := d.put(deb); err != nil {
			return fmt.Errorf("copy %s to %s: %w", filepath.Base(deb), dest, err)
		}
		bu.say.note("copy", "%s", filepath.Join(dest, filepath.Base(deb)))
	}
	return nil
}

// destination is the opened directory for copies.
type destination struct {
	root    *os.Root
	shared  bool   // whether others may write to it
	release func() // its lock
}

func (d *destination) close() {
	d.root.Close()
	d.release()
}

func (bu *builder) openDest(ctx context.Context, dest string) (*destination, error) {
	release, err := bu.locks(bu.Wait.Limit).Take(ctx, lock.Thing{Name: "_dest", What: dest, Doing: "written to"})
	if err != nil {
		return nil, err
	}
	w, err := way.Make(dest)
	if err == nil {
		var root *os.Root
		if root, err = w.Root(); err == nil {
			return &destination{root, w.Shared != nil, release}, nil
		}
	}
	release()
	return nil, destError(err)
}

func destError(err error) error {
	return &UsageError{fmt.Errorf("copy packages to --dest: %w", err)}
}

// tryDest finds out before a compilation that its package could not be copied.
func (bu *builder) tryDest(ctx context.Context, module string) error {
	dest := bu.Of(module).Dest
	if dest == "" {
		return nil
	}
	d, err := bu.openDest(ctx, dest)
	if err != nil {
		return err
	}
	defer d.close()
	if err := d.try(); err != nil {
		return destError(err)
	}
	return nil
}

func (d *destination) try() error {
	const name = unnamed + "try"
	file, err := d.create(name, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), d.root.Remove(name))
}

// unnamed begins the names of what is not finished.
const unnamed = ".mago-"

// create makes a new file in the place of one that a killed run may have left.
func (d *destination) create(name string, mode fs.FileMode) (*os.File, error) {
	if err := d.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
}

// put gives a package its name in the directory once it is there whole. Where only mago's user may write, that is the same
// file; elsewhere it is another, because somebody may be given it later.
func (d *destination) put(deb string) error {
	name := filepath.Base(deb)
	temp := unnamed + name
	if d.has(name, deb) {
		return nil
	}
	if d.shared || d.link(deb, temp) != nil {
		if err := d.copy(deb, temp); err != nil {
			_ = d.root.Remove(temp) // the error that counts is the first
			return err
		}
	}
	if err := d.root.Rename(temp, name); err != nil {
		_ = d.root.Remove(temp)
		return err
	}
	return d.sync()
}

// has reports whether a name is the package's own file.
func (d *destination) has(name, deb string) bool {
	there, err := d.root.Lstat(name)
	if err != nil {
		return false
	}
	own, err := os.Lstat(deb)
	return err == nil && os.SameFile(there, own)
}

func (d *destination) link(deb, temp string) error {
	if err := d.root.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	dir, err := d.root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	return unix.Linkat(unix.AT_FDCWD, deb, int(dir.Fd()), temp, 0)
}

func (d *destination) copy(deb, temp string) error {
	in, err := os.Open(deb)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := d.create(temp, info.Mode().Perm())
	if err != nil {
		return err
	}
	if _, err = io.Copy(out, in); err == nil { // by copy_file_range(2): some file systems need not copy then
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

// sync writes the names in the directory to the disk.
func (d *destination) sync() error {
	dir, err := d.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
