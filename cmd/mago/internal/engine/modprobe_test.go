package engine

import (
	"testing"

	"mago/cmd/mago/internal/store"
)

func TestModprobeAdvice(t *testing.T) {
	for _, test := range []struct {
		built store.Record
		want  string
	}{
		{store.Record{Module: "hello", Modules: []string{"/lib/hello.ko.xz"}}, "sudo modprobe hello"},
		{store.Record{Module: "v4l2-loopback", Modules: []string{"/a.ko", "/v4l2_loopback.ko"}, Modprobe: []string{"a"}}, "sudo modprobe v4l2_loopback"},
		{store.Record{Module: "gpu", RecipeName: "nv-current", Modules: []string{"/nv-drm.ko", "/nv-current.ko"}}, "sudo modprobe nv_current"},
		{store.Record{Module: "driver", Modules: []string{"/core.ko", "/net.ko"}, Modprobe: []string{"net"}}, "sudo modprobe net"},
		{store.Record{Module: "digimend", Modules: []string{"/hid-kye.ko", "/hid-uclogic.ko"}, Modprobe: []string{"hid-kye", "hid-uclogic"}},
			"sudo modprobe -a hid_kye hid_uclogic"},
		{store.Record{Module: "old", Modules: []string{"/b.ko", "/c.ko"}}, "sudo modprobe -a b c"},
		{store.Record{Module: "xt", Modules: []string{"/a.ko", "/b.ko", "/c.ko", "/d.ko", "/e.ko", "/f.ko"}}, "sudo modprobe MODULE, one of a, b, c, d, 2 more"},
	} {
		if got := (System{}).modprobe(test.built); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}
