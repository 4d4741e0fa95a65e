package recipe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"mago/kbuild/deep"
	"mago/kbuild/foreign"
	"mago/kbuild/sandbox"
)

// copyTree copies the directories, regular files and symbolic links of a source to a directory of the workspace.
// Dates are kept, because make goes by them; the owner may read and write all of it, and others may what they may with the
// original, but for writing. Finished modules stay behind: those that lie in a source are somebody's earlier build. So do
// FIFOs, sockets and devices, of which the user is told. Neither side is left through a symbolic link.
func (w *Workspace) copyTree(ctx context.Context, from Source, to string) error {
	source, err := from.open()
	if err != nil {
		return err
	}
	defer source.Close()
	if err := w.files.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	c := w.copying(source, "the source")
	err = fs.WalkDir(source.FS(), ".", deep.Bounded(func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return c.entry(ctx, path, filepath.Join(to, path), entry.Type())
	}))
	if c.special.count > 0 && w.special.count == 0 { // else it was told of an attempt before
		w.Warn("left out of the source, being neither file, directory nor link: %s", c.special)
	}
	w.special, w.earlier = c.special, c.earlier
	return err
}

// copyFiles copies the plain files of a directory; those of an earlier one by the same name stay.
func (w *Workspace) copyFiles(ctx context.Context, from, to string) error {
	if err := w.files.MkdirAll(to, 0o755); err != nil {
		return err
	}
	source, err := os.OpenRoot(from)
	if err != nil {
		return err
	}
	defer source.Close()
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	c := w.copying(source, "a needed module")
	for _, e := range entries {
		if err := c.file(ctx, e.Name(), filepath.Join(to, e.Name())); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

// copying is what is on its way into the workspace; it ends with the build's time and at its limit on output.
type copying struct {
	source *os.Root
	files  *os.Root // the workspace
	bound  *Bound

	special, earlier someNames // what stays behind
}

func (w *Workspace) copying(source *os.Root, what string) *copying {
	return &copying{source: source, files: w.files, bound: w.Bound(what)}
}

func (c *copying) entry(ctx context.Context, from, to string, kind fs.FileMode) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	switch kind {
	case fs.ModeDir:
		return c.directory(from, to)
	case fs.ModeSymlink:
		target, err := c.source.Readlink(from)
		if err != nil {
			return err
		}
		return c.files.Symlink(target, to)
	case 0:
		if isModule(from) {
			c.earlier.add(from)
			return nil
		}
		return c.file(ctx, from, to)
	}
	c.special.add(from)
	return nil
}

func (c *copying) directory(from, to string) error {
	info, err := c.source.Stat(from)
	if err != nil {
		return err
	}
	return c.files.Mkdir(to, 0o700|info.Mode().Perm()&toOthers)
}

// toOthers are the rights that a copy's group and others keep of the original's.
const toOthers = 0o055

func (c *copying) file(ctx context.Context, from, to string) error {
	in, err := foreign.OpenRegular(c.source, from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := c.files.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600|info.Mode().Perm()&(0o100|toOthers))
	if err != nil {
		return err
	}
	_, err = io.Copy(out, c.bound.Reader(ctx, in))
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	return c.files.Chtimes(to, info.ModTime(), info.ModTime())
}

// Bound holds what is copied altogether to a build's limit on output.
type Bound struct {
	what   string // is copied, as errors call it
	left   int64  // bytes
	limits sandbox.Limits
}

// Bound is for copies of one kind, such as "the source".
func (w *Workspace) Bound(what string) *Bound {
	return &Bound{what, cmp.Or(w.Sandbox.Limits.Output, math.MaxInt64), w.Sandbox.Limits}
}

// Reader reads a file, until ctx ends or the bound is reached.
func (b *Bound) Reader(ctx context.Context, file io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		n, err := file.Read(p)
		if b.left -= int64(n); b.left < 0 {
			return 0, fmt.Errorf("%s: %w", b.what, b.limits.Exceeded("output"))
		}
		return n, err
	})
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
