package modpkg

import (
	"slices"
	"testing"

	"mago/kbuild"
)

func TestModules(t *testing.T) {
	files := []string{"/lib/modules/6.1/updates/mago/v4l2-loopback.ko.xz", "/lib/modules/6.1/a.ko", "/usr/share/doc/a", "v4l2_loopback.ko", "/x/$(id).ko", "/x/.ko", "a.ko.zst"}
	if got := Modules(files); !slices.Equal(got, []string{"a", "v4l2_loopback"}) {
		t.Errorf("got %q", got)
	}
}

func TestUnneeded(t *testing.T) {
	modules := []kbuild.Module{{Name: "nv_core"}, {Name: "nv-net", Depends: []string{"nv-core", "usbcore"}}, {Name: "nv-uvm", Depends: []string{"nv_core"}}}
	if got := Unneeded(modules); !slices.Equal(got, []string{"nv-net", "nv-uvm"}) {
		t.Errorf("got %q", got)
	}
}
