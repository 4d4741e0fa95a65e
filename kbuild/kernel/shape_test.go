package kernel

import (
	"slices"
	"testing"
)

// TestShape: what differs between two builds of one configuration is no part of a kernel's shape, all else is.
func TestShape(t *testing.T) {
	shape := func(changed tree) (string, Config) {
		t.Helper()
		k, err := Finder{Root: bookworm(changed).write(t, t.TempDir())}.Find(release)
		if err != nil {
			t.Fatal(err)
		}
		sum, err := k.Shape()
		if err != nil {
			t.Fatal(err)
		}
		return sum, k.Config()
	}
	const config = "CONFIG_X86_64=y\nCONFIG_CC_VERSION_TEXT=\"gcc-12 (Debian 12.2.0-14) 12.2.0\"\nCONFIG_GCC_VERSION=120200\n"
	one, was := shape(tree{arch + ".config": config})
	for name, changed := range map[string]tree{
		"salt":           {arch + ".config": config + "CONFIG_BUILD_SALT=\"6.1.0-57-amd64\"\n"},
		"Debian version": {arch + ".config": "CONFIG_X86_64=y\nCONFIG_CC_VERSION_TEXT=\"gcc-12 (Debian 12.2.0-15) 12.2.0\"\nCONFIG_GCC_VERSION=120200\n"},
		"symbols":        {arch + ".config": config, arch + "Module.symvers": "0x0b000000\tprintk\tvmlinux\tEXPORT_SYMBOL\t\n"},
	} {
		if other, is := shape(changed); other != one || len(was.Differences(is)) > 0 {
			t.Errorf("%s: another shape, which differs in %q", name, was.Differences(is))
		}
	}
	for name, test := range map[string]struct {
		changed tree
		options []string
	}{
		"signatures":   {tree{arch + ".config": config + "CONFIG_MODULE_SIG_FORCE=y\n"}, []string{"CONFIG_MODULE_SIG_FORCE"}},
		"compression":  {tree{arch + ".config": config + "CONFIG_MODULE_COMPRESS_XZ=y\n"}, []string{"CONFIG_MODULE_COMPRESS_XZ"}},
		"compiler":     {tree{arch + ".config": "CONFIG_X86_64=y\nCONFIG_CC_VERSION_TEXT=\"gcc-12 (Debian 12.2.0-14) 12.2.0\"\nCONFIG_GCC_VERSION=120300\n"}, []string{"CONFIG_GCC_VERSION"}},
		"vermagic":     {tree{arch + ".config": config, common + "include/linux/vermagic.h": "#define VERMAGIC_STRING\n"}, nil},
		"its machine":  {tree{arch + ".config": config, common + "arch/x86/include/asm/vermagic.h": "#define MODULE_ARCH_VERMAGIC\n"}, nil},
		"random seed":  {tree{arch + ".config": config, arch + "include/generated/randstruct_hash.h": "#define RANDSTRUCT_HASHED_SEED\n"}, nil},
		"word is gone": {tree{arch + ".config": "CONFIG_X86_64=y\nCONFIG_CC_VERSION_TEXT=\"gcc-12 (Debian 12.2.0-14) 12.2.0\"\n"}, []string{"CONFIG_GCC_VERSION"}},
	} {
		if other, is := shape(test.changed); other == one || !slices.Equal(was.Differences(is), test.options) {
			t.Errorf("%s: same shape %v, differs in %q", name, other == one, was.Differences(is))
		}
	}
}
