//go:build e2e

package e2e

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"testing"
	"testing/fstest"

	"mago/cmd/lab/internal/debian"
	"mago/kbuild/kernel"
)

// bootable is a signed kernel and the module hello, compiled for it.
type bootable struct {
	release  string
	image    string // a file
	config   kernel.Config
	efivarfs []byte // the kernel's own module
	module   []byte
}

//go:embed securebootkernels_test.go
var kernelsSource embed.FS

// bootables are of Debian 12's two series: the one that it was released with, and the newest.
func bootables(t *testing.T) (released, newest bootable) {
	store, err := debian.OpenStore("bookworm", t.Output())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	prepared, err := store.Prepared(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	releases := twoReleases(t, store)
	sources := []fs.FS{kernelsSource, fstest.MapFS{"releases": {Data: fmt.Append(nil, releases)}}}
	system, err := store.Kept(t.Context(), "secureboot", sources, func(s *debian.System) error {
		if out, err := exec.CommandContext(t.Context(), "cp", "-a", prepared+"/.", s.Dir).CombinedOutput(); err != nil {
			return fmt.Errorf("cp: %w: %s", err, out)
		}
		return addKernels(t.Context(), s, releases)
	})
	if err != nil {
		t.Fatal(err)
	}
	return compileHello(t, system, releases[0]), compileHello(t, system, releases[1])
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

// unpackImage leaves a kernel and its efivarfs in a directory, without installing them.
// usage: unpackImage RELEASE
const unpackImage = `set -e
cd "/srv/$1"
apt-get download "linux-image-$1"
dpkg-deb --fsys-tarfile *.deb | tar -x --wildcards "./boot/vmlinuz-$1" "*/efivarfs.ko*"
rm *.deb
find . -name "*.ko.xz" -exec xz -d {} +
find . -name "*.ko" -exec mv {} . ";"`

// addKernels installs the kernels' headers, and unpacks the kernels themselves.
func addKernels(ctx context.Context, s *debian.System, releases []string) error {
	for _, release := range releases {
		if err := s.RunAll(ctx,
			[]string{"apt-get", "install", "--yes", "--no-install-recommends", "linux-headers-" + release},
			[]string{"mkdir", "--mode=777", "/srv/" + release},
			[]string{"sh", "-c", unpackImage, "unpackImage", release},
		); err != nil {
			return err
		}
	}
	return nil
}

func compileHello(t *testing.T, s *debian.System, release string) bootable {
	dir := "/srv/" + release
	if err := os.RemoveAll(s.Path(dir + "/hello")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(s.Path(dir+"/hello"), os.DirFS(top+"/testdata/modules/hello")); err != nil {
		t.Fatal(err)
	}
	run(t, s.Command(t.Context(), "make", "-C", "/lib/modules/"+release+"/build", "M="+dir+"/hello", "modules"))
	k, err := kernel.Finder{Root: s.Dir}.Find(release)
	if err != nil {
		t.Fatal(err)
	}
	return bootable{release, s.Path(dir + "/boot/vmlinuz-" + release), k.Config(),
		readFile(t, s.Path(dir+"/efivarfs.ko")), readFile(t, s.Path(dir+"/hello/hello.ko"))}
}
