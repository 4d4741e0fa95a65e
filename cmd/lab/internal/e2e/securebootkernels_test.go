//go:build e2e

package e2e

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/fstest"

	"mago/cmd/lab/internal/debian"
	"mago/kbuild/kernel"
)

// bootable is a signed kernel.
type bootable struct {
	release  string
	image    []byte
	config   kernel.Config
	efivarfs []byte // its own module
}

//go:embed securebootkernels_test.go
var kernelsSource embed.FS

// newOwner has mago, the source of hello, and kernels of Debian 12's two series: the one that it was released with, and the newest.
func newOwner(t *testing.T, store *debian.Store) (o owner, released, newest bootable) {
	prepared, err := store.Prepared(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	releases := twoReleases(t, store)
	sources := []fs.FS{kernelsSource, fstest.MapFS{"releases": {Data: fmt.Append(nil, releases)}}}
	o.System, err = store.Kept(t.Context(), "secureboot", sources, func(s *debian.System) error {
		if out, err := exec.CommandContext(t.Context(), "cp", "-a", prepared+"/.", s.Dir).CombinedOutput(); err != nil {
			return fmt.Errorf("cp: %w: %s", err, out)
		}
		return addKernels(t.Context(), s, releases)
	})
	if err != nil {
		t.Fatal(err)
	}
	run(t, o.Command(t.Context(), "rm", "-rf", "/var/lib/mago", "/var/cache/mago", "/etc/mago", "/root/hello"))
	if err := os.CopyFS(o.Path("/root/hello"), os.DirFS(top+"/testdata/modules/hello")); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	return o, o.kernel(t, releases[0]), o.kernel(t, releases[1])
}

// twoReleases are those of the kernels, as apt has them now.
func twoReleases(t *testing.T, store *debian.Store) []string {
	system, err := store.Fresh(t.Context(), "apt")
	if err != nil {
		t.Fatal(err)
	}
	defer system.Remove()
	all, err := system.Kernels(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return []string{all[0], all[len(all)-1]}
}

// addKernels installs the kernels and their headers. No initramfs is made: nobody boots one.
func addKernels(ctx context.Context, s *debian.System, releases []string) error {
	install := []string{"env", "INITRD=No", "apt-get", "install", "--yes", "--no-install-recommends"}
	for _, release := range releases {
		install = append(install, "linux-headers-"+release, "linux-image-"+release)
	}
	_, err := s.Run(ctx, install...)
	return err
}

func (o owner) kernel(t *testing.T, release string) bootable {
	k, err := kernel.Finder{Root: o.Dir}.Find(release)
	if err != nil {
		t.Fatal(err)
	}
	return bootable{release, readFile(t, o.Path("/boot/vmlinuz-"+release)), k.Config(), unpacked(t, o.Path("/lib/modules/"+release+"/kernel/fs/efivarfs/efivarfs.ko*"))}
}

// unpacked is the module of a pattern, without compression.
func unpacked(t *testing.T, pattern string) []byte {
	t.Helper()
	file := only(t, pattern)
	if !strings.HasSuffix(file, ".xz") {
		return readFile(t, file)
	}
	module, err := exec.CommandContext(t.Context(), "xz", "-dc", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	return module
}
