package sources

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"mago/debpkg/codec"
	"mago/kbuild/deep"
	"mago/sources/way"
)

// Digest is the SHA-256, in hexadecimal, over the names, kinds, executable bits and contents below a directory. It changes
// when a local source does; dates and owners do not count, nor the objects of a git repository.
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
	err = fs.WalkDir(root.FS(), ".", deep.Bounded(func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case without == recordName && name == besideDir, entry.IsDir() && isGitObjects(root, name):
			return fs.SkipDir
		case name == without:
			return nil
		}
		fmt.Fprintf(sum, "%q %v\n", name, entry.Type())
		return digestContent(ctx, sum, root, name, entry)
	}))
	if err != nil {
		return "", fmt.Errorf("read source %s: %w", t.Dir, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// isGitObjects reports whether a directory is where a repository keeps its objects: files beside it name the ones that count
// (gitrepository-layout(5)). All else of a .git counts as any file, since a makefile may ask "git describe".
func isGitObjects(root *os.Root, name string) bool {
	dir, base := path.Split(name)
	if base != "objects" || !slices.Contains(strings.Split(dir, "/"), ".git") {
		return false
	}
	_, err := root.Lstat(path.Join(dir, "HEAD"))
	return err == nil
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
