package kernel

import (
	"slices"
	"testing"
)

func TestReleases(t *testing.T) {
	root := bookworm(tree{
		"proc/sys/kernel/osrelease":                      "6.1.0-9-amd64\n",
		"usr/lib/modules/6.1.0-56-amd64/modules.builtin": "",
		"usr/lib/modules/6.1.0-9-amd64/modules.builtin":  "",
		"usr/lib/modules/6.1.0-8-amd64/updates/":         "", // what a removed kernel left
		"usr/src/linux-headers-5.10.0-1-amd64/.config":   "",
		"k/include/config/kernel.release":                "7.0.1",
	}).write(t, t.TempDir())
	f := Finder{Root: root, Dirs: []string{"/k", "/nowhere"}}
	if got := f.Running(); got != "6.1.0-9-amd64" {
		t.Errorf("running %q", got)
	}
	if got, want := f.Installed(), []string{"6.1.0-9-amd64", "6.1.0-56-amd64"}; !slices.Equal(got, want) {
		t.Errorf("installed %v, want %v", got, want)
	}
	if got, want := f.WithHeaders(), []string{"5.10.0-1-amd64", "6.1.0-56-amd64", "7.0.1"}; !slices.Equal(got, want) {
		t.Errorf("with headers %v, want %v", got, want)
	}
	empty := Finder{Root: t.TempDir()}
	if got := append(empty.Installed(), empty.WithHeaders()...); len(got) != 0 || empty.Running() != "" {
		t.Errorf("an empty root has %v, running %q", got, empty.Running())
	}
}

func TestSortReleases(t *testing.T) {
	got := SortReleases([]string{"6.1.0-56-amd64", "6.12.9-amd64", "6.1.0-9-amd64", "5.10.0-1-rt-amd64", "6.1.0-9-amd64", "6.1.0-9-cloud-amd64", "7.0~rc1-amd64", "7.0-amd64"})
	want := []string{"5.10.0-1-rt-amd64", "6.1.0-9-amd64", "6.1.0-9-cloud-amd64", "6.1.0-56-amd64", "6.12.9-amd64", "7.0~rc1-amd64", "7.0-amd64"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if got := SortReleases(nil); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"5.10.0-1-amd64", "6.1.0-56-amd64", "6.1.0-56-rt-amd64", "6.1.0-9-amd64", "6.1.0-56-arm64", "6.12.9-amd64"}
	for _, test := range []struct {
		wanted string
		most   int
		want   []string
	}{
		{"6.1.0-57-amd64", 2, []string{"6.1.0-56-amd64", "6.1.0-9-amd64"}},
		{"6.1.0-57-rt-amd64", 1, []string{"6.1.0-56-rt-amd64"}},
		{"6.12.9+deb13-amd64", 1, []string{"6.12.9-amd64"}},
		{"6.1.0-56-arm64", 1, []string{"6.1.0-56-arm64"}},
		{"6.12.0-arm64", 2, []string{"6.1.0-56-arm64", "6.12.9-amd64"}},
		{"", 1, []string{"6.12.9-amd64"}},
		{"6.1.0", 99, []string{"6.1.0-56-arm64", "6.1.0-56-amd64", "6.1.0-9-amd64", "6.12.9-amd64", "5.10.0-1-amd64", "6.1.0-56-rt-amd64"}},
	} {
		if got := Nearest(test.wanted, known, test.most); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.wanted, got, test.want)
		}
	}
	if known[0] != "5.10.0-1-amd64" || known[5] != "6.12.9-amd64" {
		t.Errorf("the caller's list became %v", known)
	}
}

func TestOfFlavour(t *testing.T) {
	known := []string{"5.10.0-1-amd64", "6.1.0-56-cloud-amd64", "6.1.0-56-rt-amd64", "6.12.117+deb12-amd64"}
	for like, want := range map[string][]string{
		"6.1.0-9-amd64":       {"5.10.0-1-amd64", "6.12.117+deb12-amd64"},
		"6.1.0-9-cloud-amd64": {"6.1.0-56-cloud-amd64"},
		"6.18.4-own-v7":       {"5.10.0-1-amd64", "6.12.117+deb12-amd64"},
		"":                    {"5.10.0-1-amd64", "6.12.117+deb12-amd64"},
	} {
		if got := OfFlavour(known, like); !slices.Equal(got, want) {
			t.Errorf("like %q: got %v, want %v", like, got, want)
		}
	}
	own := []string{"6.16-rc7-amd64", "6.16.1-amd64", "6.18.4", "6.18.9"}
	if got := OfFlavour(own, "6.18.4"); !slices.Equal(got, own[2:]) {
		t.Errorf("without a flavour: got %v", got)
	}
	if got := OfFlavour(own, "6.16-rc7-amd64"); !slices.Equal(got, own[:2]) {
		t.Errorf("like a candidate: got %v", got)
	}
	mips := []string{"6.1.0-9-4kc-malta", "6.1.0-9-5kc-malta"}
	if got := OfFlavour(mips, "6.1.0-8-5kc-malta"); !slices.Equal(got, mips[1:]) {
		t.Errorf("with a number in the flavour: got %v", got)
	}
	if got := OfFlavour(known[1:3], "6.1.0-9-amd64"); !slices.Equal(got, known[1:3]) {
		t.Errorf("of none plain: got %v", got)
	}
}
