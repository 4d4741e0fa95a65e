package catalog

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// TestLocate: what Debian has and apt does not know is told with its place, by apt's own word on its sources.
func TestLocate(t *testing.T) {
	r := newRoot(t)
	ix := &Index{Modules: []Module{{Name: "nvidia-kernel", Packages: []Package{{Name: named("nvidia-kernel-dkms"), Kind: DKMS}}}}}
	r.write(listsDir+"/mirror_x_dists_bookworm_main_binary-amd64_Packages", "Package: other\nVersion: 1\n\n"+
		"Package: vendor-tool\nVersion: 1\nDepends: libc6\nRecommends: nvidia-kernel-modules | nvidia-kernel-dkms (>= 5)\n")
	targets := "Debian|Debian|bookworm|main|/etc/apt/sources.list.d/debian.sources:1|http://mirror/debian/\n" +
		"Debian|Debian|bookworm-updates|main|/etc/apt/sources.list:1|http://mirror/debian/\n" +
		"Other|Other|bookworm|contrib|/etc/apt/sources.list:2|http://other/\n"
	c := r.config()
	c.Run = func(cmd *exec.Cmd) error {
		if strings.Join(cmd.Args[:2], " ") != "apt-get indextargets" {
			return r.run(cmd)
		}
		_, err := fmt.Fprint(cmd.Stdout, targets)
		return err
	}
	for name, want := range map[string]string{
		"zfs":            "zfs: zfs-dkms is in contrib, which apt's sources leave out",
		"ZFS-dkms":       "ZFS-dkms: zfs-dkms is in contrib, which apt's sources leave out",
		"spl.ko":         "spl.ko: zfs-dkms is in contrib, which apt's sources leave out",
		"zfsutils-linux": "zfsutils-linux: that package needs the module zfs; zfs-dkms is in contrib, which apt's sources leave out",
		"virtualbox":     "virtualbox: virtualbox-dkms is in Debian's sid/contrib, not in bookworm",
		"vpoll":          "vpoll: vpoll-dkms is in bookworm/main, but not in apt's lists",
		"nvidia-driver":  "nvidia-driver",
		"vendor-tool":    "vendor-tool",
		"other":          "other",
		"never-heard-of": "never-heard-of",
	} {
		err := ix.Locate(context.Background(), c, &NotFoundError{Name: name})
		if got := err.Error(); got != "no module source named "+want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
		var unknown *NotFoundError
		if errors.As(err, &unknown) && (len(unknown.Needs) == 1) != (name == "nvidia-driver" || name == "vendor-tool") {
			t.Errorf("%s needs %q", name, unknown.Needs)
		}
	}

	targets = "Debian|Debian|trixie|main|/etc/apt/sources.list:1|http://mirror/debian/\n"
	var missing *MissingError
	if err := ix.Locate(context.Background(), c, &NotFoundError{Name: "eoip"}); !errors.As(err, &missing) || missing.Backports != (Place{"trixie-backports", "main"}) {
		t.Errorf("got %+v", missing)
	}
	targets = "Ubuntu|Ubuntu|noble|main|/etc/apt/sources.list:1|http://mirror/ubuntu/\n"
	if err := ix.Locate(context.Background(), c, &NotFoundError{Name: "zfs"}); errors.As(err, &missing) && missing.Name == "zfs" {
		t.Errorf("got %+v of another distribution", missing)
	}
}
