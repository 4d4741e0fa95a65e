package untar

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// FuzzExtract feeds anything at all. Nothing may appear or change outside the tree, no link may lead out of it, and
// there is nothing in it but directories, links and files that everybody may read.
func FuzzExtract(f *testing.F) {
	for _, entries := range [][]entry{
		{dir("d"), file("d/f", "content"), symlink("d/l", "../d/f"), hardlink("h", "d/f")},
		{symlink("l", ".."), file("l/victim", "x")},
		{dir("a/b/c"), symlink("a/b/c/l", "../../.."), symlink("m", "a/b/c/l/..")},
		{file("../victim", "x")},
		{special("fifo", '6'), special("device", '3')},
		{symlink("usr/x", "/etc/passwd"), file("usr/x", "y")},
		{file(strings.Repeat("n", 300), "long"), file("naïve", "PAX")},
	} {
		f.Add(archive(f, entries...), false)
		f.Add(archive(f, entries...), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, rooted bool) {
		const limit = 1 << 20
		tree, _, _ := open(t, bytes.NewReader(data), Options{Rooted: rooted, Limits: Limits{Bytes: limit, Entries: 200}})
		var held int64
		walk(t, tree, func(path string) { held += checkPath(t, tree, path) })
		if held > limit {
			t.Errorf("the tree holds %d bytes", held)
		}
	})
}

// checkPath checks one thing in an opened tree and gives the bytes it holds.
func checkPath(t *testing.T, tree, path string) int64 {
	full := filepath.Join(tree, path)
	info, err := os.Lstat(full)
	if err != nil {
		t.Fatal(err)
	}
	switch mode := info.Mode(); {
	case mode.IsRegular() && mode&^0o755 == 0 && mode&0o644 == 0o644:
		return info.Size() / int64(info.Sys().(*syscall.Stat_t).Nlink)
	case mode.IsDir():
	case mode&fs.ModeSymlink != 0:
		real, err := filepath.EvalSymlinks(full)
		if err == nil && real != tree && !strings.HasPrefix(real, tree+"/") {
			t.Errorf("%s leads out to %s", path, real)
		}
	case mode&0o600 == 0o600 && mode.IsRegular(): // half written when the error came
	default:
		t.Errorf("%s has mode %v", path, mode)
	}
	return 0
}

// walk calls do for everything below tree, with its path from there.
func walk(t testing.TB, tree string, do func(path string)) {
	t.Helper()
	err := filepath.WalkDir(tree, func(path string, _ fs.DirEntry, err error) error {
		if rel, _ := filepath.Rel(tree, path); rel != "." {
			do(rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
