package sources

import (
	"os"
	"path/filepath"
	"testing"
)

// A source's owner may have no right to read what its links lead to.
func TestModuleVersionStaysInside(t *testing.T) {
	dir := t.TempDir()
	outside := write(t, filepath.Join(t.TempDir(), "secret.c"), []byte("MODULE_VERSION(\"4\");\n"))
	write(t, filepath.Join(dir, "Kbuild"), []byte("obj-m := hello.o within.o\n"))
	if err := os.Symlink(outside, filepath.Join(dir, "hello.c")); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if got := moduleVersion(root); got != "" {
		t.Errorf("read %q through a link out of the source", got)
	}
	write(t, filepath.Join(dir, "real.c"), []byte("MODULE_VERSION(\"5\");\n"))
	if err := os.Symlink("real.c", filepath.Join(dir, "within.c")); err != nil {
		t.Fatal(err)
	}
	if got := moduleVersion(root); got != "5" {
		t.Errorf("read %q through a link within the source", got)
	}
}
