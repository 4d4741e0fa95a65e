package catalog

import (
	"errors"
	"slices"
	"testing"
)

func TestResolve(t *testing.T) {
	r := newRoot(t)
	r.write(statusFile, "Package: rtpengine-kernel-source\nStatus: install ok installed\nVersion: 1\nArchitecture: all\nSection: kernel\n")
	ix := mustUpdate(t, r)
	tests := []struct{ word, module, pkg string }{
		{"v4l2loopback", "v4l2loopback", ""},
		{"dahdi-source", "dahdi", "dahdi-source"},
		{"dahdi-dkms", "dahdi", "dahdi-dkms"},
		{"openafs", "openafs", ""},
		{"openafs-modules", "openafs", ""},
		{"openafs-modules-source", "openafs", "openafs-modules-source"},
		{"cloop-src", "cloop", "cloop-src"},
		{"nvidia", "nvidia-kernel", ""},
		{"nvidia-open", "nvidia-open-kernel", ""},
		{"nvidia-tesla-470", "nvidia-tesla-470-kernel", ""},
		{"vpb", "vpb-driver", ""},
		{"openrazer", "openrazer-driver", ""},
		{"zfs-linux", "zfs", ""},
		{"linux-apfs-rw", "apfs", ""},
		{"dahdi-linux", "dahdi", ""},
		{"rtpengine", "rtpengine-kernel", ""},
		{"spl", "zfs", ""},
		{"WL", "broadcom-sta", ""},
		{"acpi_call", "acpi-call", ""},
		{"ipt_NETFLOW", "iptables-netflow", ""},
		{" ZFS-dkms ", "zfs", "zfs-dkms"},
	}
	for _, tt := range tests {
		m, p, err := ix.Resolve(tt.word)
		pkg := ""
		if p != nil {
			pkg = p.Name.String()
		}
		if err != nil || m.Name != tt.module || pkg != tt.pkg {
			t.Errorf("Resolve(%q) = %s, %q, %v, want %s, %q", tt.word, m.Name, pkg, err, tt.module, tt.pkg)
		}
	}
}

func TestResolveInTree(t *testing.T) {
	r := newRoot(t)
	ix := mustUpdate(t, r)
	tests := []InTreeError{
		{"wireguard", "wireguard", "5.6"},
		{"WireGuard-DKMS", "wireguard", "5.6"},
		{"exfat-nofuse", "exfat", "5.7"},
		{"virtualbox-guest-dkms", "vboxguest", "4.16"},
		{"batman_adv", "batman_adv", "2.6.38"},
	}
	for _, want := range tests {
		_, _, err := ix.Resolve(want.Name)
		var got *InTreeError
		if !errors.As(err, &got) || *got != want {
			t.Errorf("got %v, want %v", err, &want)
		}
	}
	r.write(listsDir+"/x_Packages", "Package: wireguard-dkms\nVersion: 1\nArchitecture: all\nFilename: ./x\n")
	if m, _, err := mustUpdate(t, r).Resolve("wireguard"); err != nil || m.Name != "wireguard" {
		t.Errorf("a source that there is, is found all the same: %v, %v", m, err)
	}
}

func TestResolveNotFound(t *testing.T) {
	ix := mustUpdate(t, newRoot(t))
	tests := []struct {
		word    string
		similar []string
	}{
		{"v4l2lopback", []string{"v4l2loopback"}},
		{"v4l2lopback-dkms", []string{"v4l2loopback"}},
		{"xtables", []string{"xtables-addons"}},
		{"r8169", []string{"r8168"}},
		{"tesla", []string{"nvidia-tesla-470-kernel", "nvidia-tesla-535-kernel", "nvidia-tesla-kernel"}},
		{"zfs-source", []string{"zfs"}},
		{"x", nil},
		{"", nil},
		{"nothing-like-it-at-all", nil},
	}
	for _, tt := range tests {
		_, _, err := ix.Resolve(tt.word)
		var got *NotFoundError
		if !errors.As(err, &got) || got.Name != tt.word || !slices.Equal(got.Similar, tt.similar) {
			t.Errorf("Resolve(%q): %+v, want %q", tt.word, err, tt.similar)
		}
	}
}

func TestSimilarIsShort(t *testing.T) {
	ix := &Index{}
	for _, name := range []string{"aa1", "aa2", "aa3", "aa4", "aa5", "aa6"} {
		ix.Modules = addPackage(ix.Modules, Package{Name: named(name + "-dkms")})
	}
	if got := ix.similar("aa"); len(got) != maxSimilar {
		t.Errorf("got %q", got)
	}
}

func TestEditDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"zfs", "zsf", 2}, {"abcd", "bd", 2}, {"bd", "abcd", 2}, {"r8168", "r8168", 0}} {
		if got := editDistance(tt.a, tt.b); got != tt.want {
			t.Errorf("editDistance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
