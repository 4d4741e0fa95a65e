//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"testing"
	"testing/fstest"

	"mago/cmd/lab/internal/debian"
)

// bootable is a signed kernel and the module hello, compiled for it.
type bootable struct {
	release string
	image   string // a file
	module  []byte
}

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
	sources := []fs.FS{fstest.MapFS{"releases": {Data: fmt.Append(nil, releases)}}}
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

// addKernels installs the kernels' headers, and unpacks the kernels themselves.
func addKernels(ctx context.Context, s *debian.System, releases []string) error {
	for _, release := range releases {
		if err := s.RunAll(ctx,
			[]string{"apt-get", "install", "--yes", "--no-install-recommends", "linux-headers-" + release},
			[]string{"mkdir", "--mode=777", "/srv/" + release},
			[]string{"sh", "-c", `cd "/srv/$0" && apt-get download "linux-image-$0" && dpkg-deb --fsys-tarfile *.deb | tar -x "./boot/vmlinuz-$0" && rm *.deb`, release},
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
	return bootable{release, s.Path(dir + "/boot/vmlinuz-" + release), readFile(t, s.Path(dir+"/hello/hello.ko"))}
}
