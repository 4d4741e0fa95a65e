package sources

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestFindDocs: what each package has of its own is left out, and so are links, also one that is the whole directory.
func TestFindDocs(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	doc := filepath.Join(dir, docDir, "hello-dkms")
	for _, name := range []string{"copyright", "changelog.gz", "changelog.Debian.gz", "README.md.gz", "NEWS.Debian.gz", "examples/copyright"} {
		write(t, filepath.Join(doc, name), nil)
	}
	write(t, filepath.Join(other, "README"), nil)
	for _, link := range []string{filepath.Join(doc, "link"), filepath.Join(dir, docDir, "away-dkms")} {
		if err := os.Symlink(other, link); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{docDir + "/hello-dkms/NEWS.Debian.gz", docDir + "/hello-dkms/README.md.gz", docDir + "/hello-dkms/examples/copyright"}
	if got := findDocs(dir, "hello-dkms"); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for _, pkg := range []string{"away-dkms", "none-dkms"} {
		if got := findDocs(dir, pkg); got != nil {
			t.Errorf("%s: %q", pkg, got)
		}
	}
}
