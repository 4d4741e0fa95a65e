package recipe

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mago/kbuild/kernel"
)

// TestKey changes one after the other what an evaluation depends on.
func TestKey(t *testing.T) {
	root := tree{"etc/dkms/framework.conf.d/": ""}.write(t, t.TempDir())
	dir := tree{"dkms.conf": "PACKAGE_NAME=hello\nPACKAGE_VERSION=1.0\nMAKE=\"make -j$parallel_jobs\"\n"}.write(t, filepath.Join(t.TempDir(), "hello-1.0"))
	job := Job{Source: Source{Dir: dir}, Kernel: kernel.Kernel{Release: "6.1.0-56-amd64"}.WithConfig(kernel.Config{"CONFIG_X": "y"}), Epoch: time.Unix(1, 0), Jobs: 2}
	seen := map[string]string{}
	look := func(name string) {
		t.Helper()
		key, err := Key(root, job)
		if other, ok := seen[key]; err != nil || ok {
			t.Errorf("%s has the key of %s, %v", name, other, err)
		}
		seen[key] = name
	}
	look("the first")
	job.Kernel = job.Kernel.WithConfig(kernel.Config{"CONFIG_X": "m"})
	look("another configuration")
	job.Jobs++
	look("more jobs")
	job.AtMost = 1
	look("fewer of them")
	job.Epoch = job.Epoch.Add(1e9)
	look("another date")
	for _, name := range []string{"hello.conf", "framework.conf", "framework.conf.d/a.conf"} {
		tree{"etc/dkms/" + name: ""}.write(t, root)
		look("a new " + name)
		tree{"etc/dkms/" + name: "STRIP=no"}.write(t, root)
		look("another " + name)
		if err := os.Chmod(filepath.Join(root, "etc/dkms", name), 0o600); err != nil {
			t.Fatal(err)
		}
		look("a closed " + name)
	}
	tree{"dkms.conf": "PACKAGE_NAME=hello\nPACKAGE_VERSION=1.0\n" + "STRIP=no\n"}.write(t, dir)
	look("another dkms.conf")
	job.Source.Digest = "1f"
	look("another source")
	job.Source.Dir = tree{"dkms.conf": "PACKAGE_NAME=hello\nPACKAGE_VERSION=1.0\nSTRIP=no\n"}.write(t, filepath.Join(t.TempDir(), "hello-1.0"))
	look("a copy of that elsewhere")
	if os.Geteuid() == 0 {
		if err := os.Chown(job.Source.Dir, 4711, -1); err != nil {
			t.Fatal(err)
		}
		look("somebody else's there")
	}
	before := len(seen)
	tree{"etc/dkms/framework.conf.d/ignored": "", "etc/dkms/framework.conf.d/.a.conf": ""}.write(t, root)
	if key, err := Key(root, job); err != nil || seen[key] == "" || len(seen) != before {
		t.Errorf("what dkms does not read changes the key, %v", err)
	}
}

func TestKeyRefuses(t *testing.T) {
	for name, test := range map[string]struct{ conf, want string }{
		"long": {strings.Repeat("#", maxConf+1), "dkms.conf: dkms.conf is longer than"},
		"link": {"-> /etc/passwd", "dkms.conf: openat dkms.conf: "},
	} {
		dir := tree{"dkms.conf": test.conf}.write(t, t.TempDir())
		_, err := Key("/", Job{Source: Source{Dir: dir}})
		if !errors.As(err, new(*Error)) || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}
