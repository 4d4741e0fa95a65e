package signed

import (
	"bytes"
	"compress/gzip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func TestFile(t *testing.T) {
	module := strings.Repeat("module", 100_000)
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte(module + mark))
	z.Close()
	encoder, _ := zstd.NewWriter(nil)
	for name, c := range map[string]struct {
		content []byte
		want    bool
	}{
		"plain.ko":      {[]byte(module), false},
		"empty.ko":      {nil, false},
		"signed.ko":     {[]byte(module + mark), true},
		"only.ko":       {[]byte(mark), true},
		"cut.ko":        {[]byte(module + mark[:len(mark)-1]), false},
		"inside.ko":     {[]byte(module + mark + "x"), false},
		"signed.ko.gz":  {zipped.Bytes(), true},
		"signed.ko.zst": {encoder.EncodeAll([]byte(module+mark), nil), true},
		"plain.ko.zst":  {encoder.EncodeAll([]byte(module), nil), false},
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, c.content, 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := File(path); err != nil || got != c.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	xz := filepath.Join(t.TempDir(), "signed.ko")
	if err := os.WriteFile(xz, []byte(module+mark), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := exec.Command("xz", "--check=crc32", xz).Run(); err != nil {
		t.Fatal(err)
	}
	if got, err := File(xz + ".xz"); err != nil || !got {
		t.Errorf("xz: %v, %v", got, err)
	}
	if _, err := File(xz + ".none"); err == nil {
		t.Error("no file, and no error")
	}
}
