package sources

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"mago/debpkg/codec"
	"mago/kbuild/deep"
	"mago/sources/way"
)

// Digest is the SHA-256, in hexadecimal, over the names, kinds, executable bits and contents below a directory. It changes
// when a local source does; dates and owners do not count, nor what git renews by itself.
func Digest(ctx context.Context, dir string) (string, error) { return digest(ctx, &Tree{Dir: dir}, "") }

// Contents is the Digest of a tree's directory.
func (t *Tree) Contents(ctx context.Context) (string, error) { return digest(ctx, t, "") }

// digest leaves out one file of the directory itself and, in the cache, what is kept beside the source.
func digest(ctx context.Context, t *Tree, without string) (string, error) {
	root, err := t.Open()
	if err != nil {
		return "", fmt.Errorf("read source: %w", err)
	}
	defer root.Close()
	sum := sha256.New()
	git := gitWalk{ctx, sum, root, t.Dir}
	err = fs.WalkDir(root.FS(), ".", deep.Bounded(func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case without == recordName && path == besideDir:
			return fs.SkipDir
		case path == without:
			return nil
		case inGit(path):
			return git.entry(path, entry)
		}
		return digestEntry(ctx, sum, root, path, entry)
	}))
	if err != nil {
		return "", fmt.Errorf("read source %s: %w", t.Dir, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func digestEntry(ctx context.Context, sum io.Writer, root *os.Root, path string, entry fs.DirEntry) error {
	fmt.Fprintf(sum, "%q %v\n", path, entry.Type())
	return digestContent(ctx, sum, root, path, entry)
}

func digestContent(ctx context.Context, sum io.Writer, root *os.Root, path string, entry fs.DirEntry) error {
	switch entry.Type() {
	case fs.ModeSymlink:
		target, err := root.Readlink(path)
		fmt.Fprintf(sum, "%q\n", target)
		return err
	case 0:
		file, err := root.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			return err
		}
		defer file.Close()
		info, err := file.Stat()
		if err != nil {
			return err
		}
		n, err := io.Copy(sum, codec.Until(ctx, file))
		fmt.Fprintf(sum, "\n%d %v\n", n, info.Mode()&0o100 != 0)
		return err
	}
	return nil
}

// hashAt is the SHA-256 of a file that was looked at before.
func hashAt(ctx context.Context, path string, at os.FileInfo) (string, error) {
	file, err := way.OpenFile(path, at)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, codec.Until(ctx, file)); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
