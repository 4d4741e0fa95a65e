package sources

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestDigestTellsWhatABuildWouldSee(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "hello.c")
	write := func(path, content string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	digest := func() string {
		t.Helper()
		sum, err := Digest(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	write(file, "int a;")
	first := digest()
	for _, same := range []struct {
		what   string
		change func() error
	}{
		{"a date", func() error { return os.Chtimes(file, time.Unix(1, 0), time.Unix(1, 0)) }},
	} {
		if err := same.change(); err != nil {
			t.Fatal(err)
		}
		if got := digest(); got != first {
			t.Errorf("%s changes the digest", same.what)
		}
	}
	last := first
	for _, other := range []struct {
		what   string
		change func() error
	}{
		{"contents", func() error { write(file, "int b;"); return nil }},
		{"the executable bit", func() error { return os.Chmod(file, 0o755) }},
		{"a name", func() error { return os.Rename(file, filepath.Join(dir, "bye.c")) }},
		{"a link", func() error { return os.Symlink("bye.c", filepath.Join(dir, "hello.c")) }},
	} {
		if err := other.change(); err != nil {
			t.Fatal(err)
		}
		got := digest()
		if got == last {
			t.Errorf("%s does not change the digest", other.what)
		}
		last = got
	}
}
