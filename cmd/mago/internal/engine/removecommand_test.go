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
	cache := t.TempDir()
	if err := os.MkdirAll(filepath.Join(cache, "builds/built"), 0o755); err != nil {
		t.Fatal(err)
	}
	exact := `run "sudo chroot ` + root + ` apt-get remove hello-modules-6.1.0-10-amd64 hello-modules-6.1.0-9-amd64 hello-modules-common"`
	for module, want := range map[string]string{
		"hello": exact, "hello-dkms": exact,
		"built":  `no package of built is installed; "mago purge built --root ` + root + `" forgets builds`,
		"hullo":  "nothing of hullo is installed, nor built in " + cache + "; the nearest name: hello",
		"others": "nothing of others is installed, nor built in " + cache + "; there is built, hello, xhello",
	} {
		if got := HowToRemove(System{Root: root}, cache, module); got != want {
			t.Errorf("%q: got %q, want %q", module, got, want)
		}
	}
	if err := os.MkdirAll(filepath.Join(root, "none/var/lib/dpkg/status"), 0o755); err != nil { // which nobody can read as a file
		t.Fatal(err)
	}
	if got := HowToRemove(System{Root: filepath.Join(root, "none")}, cache, "c++"); !strings.Contains(got, `none apt-get remove '^c\+\+-modules-.'"; dpkg`) {
		t.Errorf("without a status that can be read: %q", got)
	}
}

func TestForgetWay(t *testing.T) {
	cache := t.TempDir()
	if got, want := HowToForget(System{}, cache, "built"), "nothing of built is built in "+cache+"; nor is any other module"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := os.MkdirAll(filepath.Join(cache, "builds/built"), 0o755); err != nil {
		t.Fatal(err)
	}
	for module, want := range map[string]string{
		"built":      `"mago purge built" forgets builds; what is installed stays`,
		"built-dkms": `"mago purge built" forgets builds; what is installed stays`,
		"other":      "nothing of other is built in " + cache + "; there is built",
	} {
		if got := HowToForget(System{}, cache, module); got != want {
			t.Errorf("%q: got %q, want %q", module, got, want)
		}
	}
}

func TestUnreadableCache(t *testing.T) {
	cache := t.TempDir()
	if err := os.Symlink("builds", filepath.Join(cache, "builds")); err != nil { // which leads root too to an error
		t.Fatal(err)
	}
	if got, want := HowToForget(System{}, cache, "hello"), `"mago purge hello" forgets builds; what is installed stays`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	root := t.TempDir()
	want := `no package of hello is installed; "mago purge hello --root ` + root + `" forgets builds`
	if got := HowToRemove(System{Root: root}, cache, "hello"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
