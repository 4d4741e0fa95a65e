package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRemovalWay(t *testing.T) {
	root := t.TempDir()
	var status strings.Builder
	for _, name := range []string{"hello-modules-6.1.0-9-amd64", "hello-modules-common", "hello-modules-6.1.0-10-amd64", "xhello-modules-6.1.0-9-amd64", "dpkg"} {
		fmt.Fprintf(&status, installedFormat, name, "1")
	}
	file := filepath.Join(root, "var/lib/dpkg/status")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(status.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	exact := `run "sudo chroot ` + root + ` apt-get remove hello-modules-6.1.0-10-amd64 hello-modules-6.1.0-9-amd64 hello-modules-common"`
	for module, want := range map[string]string{
		"hello": exact, "hello-dkms": exact,
		"other": `no package of other is installed; "mago purge other --root ` + root + `" forgets builds`,
	} {
		if got := HowToRemove(System{Root: root}, module); got != want {
			t.Errorf("%q: got %q, want %q", module, got, want)
		}
	}
	if err := os.MkdirAll(filepath.Join(root, "none/var/lib/dpkg/status"), 0o755); err != nil { // which nobody can read as a file
		t.Fatal(err)
	}
	if got := HowToRemove(System{Root: filepath.Join(root, "none")}, "c++"); !strings.Contains(got, `none apt-get remove '^c\+\+-modules-.'"; dpkg`) {
		t.Errorf("without a status that can be read: %q", got)
	}
}
