package kbuild

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tree is files by name. One whose name ends in + is executable, one that ends in a slash a directory; the content
// "-> target" makes a symbolic link.
type tree map[string]string

func (files tree) write(t testing.TB, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := writeEntry(filepath.Join(dir, strings.TrimSuffix(name, "+")), name, content); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func writeEntry(path, name, content string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	target, link := strings.CutPrefix(content, "-> ")
	switch {
	case strings.HasSuffix(name, "/"):
		return os.MkdirAll(path, 0o755)
	case link:
		return os.Symlink(target, path)
	case strings.HasSuffix(name, "+"):
		return os.WriteFile(path, []byte(content), 0o755)
	}
	return os.WriteFile(path, []byte(content), 0o644)
}
