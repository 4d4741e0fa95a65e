package engine

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Only an image that is another one than before is told of.
func TestTellRemade(t *testing.T) {
	root := t.TempDir()
	write := func(release string) {
		if err := os.WriteFile(filepath.Join(root, initramfsOf(release)), []byte(release), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(root, "boot"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, release := range []string{"kept", "replaced", "written", "gone"} {
		write(release)
	}
	var told []string
	it := &installer{base: &base{Options: Options{Root: root}, say: newReporter(func(e Event) { told = append(told, e.Text) })}}
	before := it.initramfses("kept", "replaced", "written", "gone", "new")
	path := func(release string) string { return filepath.Join(root, initramfsOf(release)) }
	for _, err := range []error{os.Remove(path("replaced")), os.Remove(path("gone")), os.Chtimes(path("written"), time.Time{}, time.Unix(1, 0))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	write("new")
	write("replaced")
	it.tellRemade(before)
	if want := []string{"/boot/initrd.img-replaced was made anew", "/boot/initrd.img-written was made anew"}; len(told) != 2 || told[0] != want[0] || told[1] != want[1] {
		t.Errorf("told %q", told)
	}
}
