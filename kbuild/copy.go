package kbuild

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
)

// copyTree copies the directories, regular files and symbolic links of a source to a directory below a work directory.
// Dates are kept, because make goes by them; the owner may read and write all of it, and others may what they may with the
// original, but for writing. Finished modules stay behind: those that lie in a source are somebody's earlier build. Neither
// side is left through a symbolic link.
func (s *steps) copyTree(from Source, to string) error {
	source, err := from.open()
	if err != nil {
		return err
	}
	defer source.Close()
	if err := s.work.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	c := s.copying(source, "the source")
	return fs.WalkDir(source.FS(), ".", deep.Bounded(func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return c.entry(path, filepath.Join(to, path), entry.Type())
	}))
}

// copying is a source on its way into the sandbox, or modules on theirs out of it. It ends with the build's time and at its
// limit on output.
type copying struct {
	*steps
	source *os.Root
	what   string // is copied, as errors call it
	left   int64  // bytes
}

func (s *steps) copying(source *os.Root, what string) *copying {
	return &copying{s, source, what, cmp.Or(s.Sandbox.Limits.Output, math.MaxInt64)}
}

func (c *copying) entry(from, to string, kind fs.FileMode) error {
	if c.ctx.Err() != nil {
		return context.Cause(c.ctx)
	}
	switch kind {
	case fs.ModeDir:
		return c.directory(from, to)
	case fs.ModeSymlink:
		target, err := c.source.Readlink(from)
		if err != nil {
			return err
		}
		return c.work.Symlink(target, to)
	case 0:
		if filepath.Ext(from) == ".ko" {
			return nil
		}
		return c.file(from, to)
	}
	return fmt.Errorf("%s is neither file, directory nor symbolic link", from)
}

func (c *copying) directory(from, to string) error {
	info, err := c.source.Stat(from)
	if err != nil {
		return err
	}
	return c.work.Mkdir(to, 0o700|info.Mode().Perm()&toOthers)
}

// toOthers are the rights that a copy's group and others keep of the original's.
const toOthers = 0o055

func (c *copying) file(from, to string) error {
	in, err := foreign.OpenRegular(c.source, from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := c.work.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600|info.Mode().Perm()&(0o100|toOthers))
	if err != nil {
		return err
	}
	_, err = io.Copy(out, c.reading(in))
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	return c.work.Chtimes(to, info.ModTime(), info.ModTime())
}

// reading is a file, with an end to it where what is copied comes to its own.
func (c *copying) reading(file io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		if c.ctx.Err() != nil {
			return 0, context.Cause(c.ctx)
		}
		n, err := file.Read(p)
		if c.left -= int64(n); c.left < 0 {
			return 0, fmt.Errorf("%s: %w", c.what, c.Sandbox.Limits.Exceeded("output"))
		}
		return n, err
	})
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
