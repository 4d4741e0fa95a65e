package debpkg

import (
	"bytes"
	"os"
	"testing"
	"time"

	"mago/debpkg/codec"
)

func TestPackageIsWhatWasWritten(t *testing.T) {
	p := examplePackage()
	p.ModTime = time.Unix(1_700_000_000, 0)
	p.Conffiles, p.Triggers = []string{"/etc/example.conf"}, []string{"activate-noawait update-initramfs"}
	p.Files = append(p.Files, Bytes("/etc/example.conf", []byte("here\n")))
	for i, f := range p.Control {
		if f.Name == "Description" {
			p.Control[i].Value = "an example\nof several lines\n\nand a second paragraph"
		}
	}
	for _, format := range []codec.Format{codec.Zstd, codec.Gzip} {
		path := mustWrite(t, p, Options{Compression: format})
		r, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		again, err := r.Package(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(mustWrite(t, again, Options{Compression: format})); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: other bytes (%v)", format, err)
		}
		if _, err := r.Package("/nonexistent"); err == nil {
			t.Error("files went nowhere, and no error")
		}
	}
}
