package sources

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestReadDoc(t *testing.T) {
	dir := t.TempDir()
	tree := &Tree{Dir: filepath.Join(dir, "source")}
	if err := os.Mkdir(tree.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	_, _ = w.Write([]byte("hello (1.0)"))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"beside.gz": compressed.String(), "secret": "root's", "source/plain": "hello (1.1)", "source/long": strings.Repeat("x", maxDoc+1),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{"near": "plain", "away": "../secret", "absolute": filepath.Join(dir, "secret")} {
		if err := os.Symlink(target, filepath.Join(tree.Dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(tree.Dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"beside.gz": "hello (1.0)", "source/plain": "hello (1.1)", "source/near": "hello (1.1)", "source/pipe": "", "source/long": strings.Repeat("x", maxDoc),
	} {
		if got, err := tree.ReadDoc(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: got %.20q, %v", name, got, err)
		}
	}
	for _, name := range []string{"source/away", "source/absolute", "source/none"} {
		if got, err := tree.ReadDoc(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s: got %q", name, got)
		}
	}
}
