package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestUnreadableStatus: a package does not go because dpkg's status cannot be read any more.
func TestUnreadableStatus(t *testing.T) {
	root := t.TempDir()
	status := filepath.Join(root, "var/lib/dpkg/status")
	if err := os.MkdirAll(filepath.Dir(status), 0o755); err != nil {
		t.Fatal(err)
	}
	text := "Package: linux-image-6.1.0-9-amd64\nStatus: install ok installed\nArchitecture: amd64\nVersion: 6.1.27-1\n"
	if err := os.WriteFile(status, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	e := newEngine(&base{Options: Options{Root: root}, known: new(known)})
	for range 2 {
		if version := e.pkgs.packageVersion("linux-image-6.1.0-9-amd64"); version != "6.1.27-1" {
			t.Errorf("version %q", version)
		}
		if err := os.RemoveAll(status); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(status, 0o755); err != nil {
			t.Fatal(err)
		}
		e.forgetInstalled()
	}
	if _, err := e.pkgs.installed(); err == nil || !strings.Contains(err.Error(), status) {
		t.Errorf("error %v", err)
	}
}
