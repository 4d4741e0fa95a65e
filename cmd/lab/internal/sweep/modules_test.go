package sweep

import (
	"slices"
	"testing"
)

func TestNameOf(t *testing.T) {
	for file, want := range map[string]string{"/x/snd-hda.ko": "snd_hda", "a.ko.xz": "a", "a.ko.zst": "a", "a.ko.old": "", "modules.dep": ""} {
		if got, ok := nameOf(file); got != want || ok != (want != "") {
			t.Errorf("nameOf(%q) = %q, %v", file, got, ok)
		}
	}
}

func TestDependsIn(t *testing.T) {
	got := dependsIn("license=GPL\x00depends=video-dev,mc\x00softdep=pre: crc32c post: late\x00depends=\x00")
	if want := []string{"video_dev", "mc", "crc32c"}; !slices.Equal(got, want) {
		t.Errorf("dependsIn = %q, want %q", got, want)
	}
}

// NVIDIA's nvidia-current.ko is the module nvidia, which others depend on by that name.
func TestNameIn(t *testing.T) {
	for info, want := range map[string]string{"license=NVIDIA\x00depends=drm\x00name=nvidia-drm\x00": "nvidia_drm", "license=GPL\x00": ""} {
		if got := nameIn(info); got != want {
			t.Errorf("nameIn(%q) = %q, want %q", info, got, want)
		}
	}
}

// A module that wants an algorithm loaded first is given the kernel's module of that alias.
func TestAliasesIn(t *testing.T) {
	got := aliasesIn("alias=crypto-crc32c\x00license=GPL\x00alias=crc32c\x00")
	if want := []string{"crypto_crc32c", "crc32c"}; !slices.Equal(got, want) {
		t.Errorf("aliasesIn = %q, want %q", got, want)
	}
}
