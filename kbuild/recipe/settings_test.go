package recipe

import (
	"os"
	"path/filepath"
	"testing"
)

// TestSettingsSumOfLinks: a link to a file counts with what the file holds, and one to a directory gives no sum, for that may hold
// settings, too.
func TestSettingsSumOfLinks(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"etc/dkms", "srv/module"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	settings := filepath.Join(root, "etc/dkms")
	sums := map[string]bool{}
	for _, text := range []string{"one", "another"} {
		if err := os.WriteFile(filepath.Join(root, "srv/module.conf"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		_ = os.Symlink("/srv/module.conf", filepath.Join(settings, "module.conf"))
		sum, err := SettingsSum(root)
		if err != nil {
			t.Fatal(err)
		}
		sums[sum] = true
	}
	if len(sums) != 2 {
		t.Error("what a link leads to does not count")
	}
	if err := os.Symlink("/srv/module", filepath.Join(settings, "module")); err != nil {
		t.Fatal(err)
	}
	if sum, err := SettingsSum(root); err == nil {
		t.Errorf("a directory elsewhere: %s", sum)
	}
}

// TestSettingsSumOfRights: whose the directory of a file is to search decides whether builds have that file, so it counts.
func TestSettingsSumOfRights(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "etc/dkms/module/patches")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	sums := map[string]bool{}
	for _, mode := range []os.FileMode{0o755, 0o700} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		sum, err := SettingsSum(root)
		if err != nil {
			t.Fatal(err)
		}
		sums[sum] = true
	}
	if len(sums) != 2 {
		t.Error("the rights of a directory do not count")
	}
}
