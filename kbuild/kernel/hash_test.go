package kernel

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// hashOf hashes the kernel that is found in bookworm's headers with something changed, where version, unless it is "", is that of
// the package that they come from.
func hashOf(t *testing.T, changed tree, version string) string {
	t.Helper()
	f := Finder{Root: bookworm(changed).write(t, t.TempDir()), Packages: installed(map[string]string{"linux-headers-" + release: version, "linux-image-" + release: "1"})}
	k, err := f.Find(release)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := k.Hash()
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// TestHash changes everything that is to count, one at a time, and some of what is not.
func TestHash(t *testing.T) {
	const config, kbuild = "CONFIG_X86_64=y\nCONFIG_CC_VERSION_TEXT=\"gcc-12 (Debian 12.2.0-14) 12.2.0\"\n", "usr/lib/linux-kbuild-6.1/scripts/"
	const version = "6.1.148-1"
	seen := map[string]string{}
	note := func(what, hash string) {
		if same, ok := seen[hash]; ok {
			t.Errorf("%s changes nothing against %s", what, same)
		}
		seen[hash] = what
	}
	note("nothing", hashOf(t, nil, version))
	note("another version", hashOf(t, nil, "6.1.148-2"))
	for name, changed := range map[string]tree{
		"configuration": {arch + ".config": config + "#\n"}, "compiler": {arch + ".config": strings.Replace(config, "gcc-12", "gcc-13", 1)},
		"variables": {arch + ".kernelvariables": "#"}, "symbols": {arch + "Module.symvers": "0x1\tx\tvmlinux\tEXPORT_SYMBOL\t\n"},
		"Makefile": {arch + "Makefile": "#\ninclude /usr/src/linux-headers-6.1.0-56-common/Makefile\n"}, "the other half's": {common + "Makefile": "#\n"},
		"auto.conf": {arch + "include/config/auto.conf": "#"}, "autoconf.h": {arch + "include/generated/autoconf.h": "/**/"},
		"utsrelease.h": {arch + "include/generated/utsrelease.h": "#define UTS_RELEASE \"6.1.0-56-amd64\"\n\n"},
		"a script":     {kbuild + "Makefile.build": "#"}, "a program": {kbuild + "mod/modpost": "#"}, "another script": {kbuild + "new": ""}, "a script's link": {kbuild + "new": "-> Makefile.build"},
		"objtool": {arch + "tools/objtool/objtool": ""}, "modules' directory": {"var/lib/dpkg/info/linux-image-" + release + ".list": "/usr/lib/modules/" + release + "\n"},
	} {
		note(name, hashOf(t, changed, version))
	}
	clang := tree{arch + ".config": "CONFIG_CC_IS_CLANG=y\nCONFIG_CLANG_VERSION=190107\n"}
	note("clang-19", hashOf(t, clang, version))
	clang["usr/bin/clang+"] = ""
	note("the clang that is installed", hashOf(t, clang, version))
	header, makefile := tree{common + "include/linux/module.h": ""}, tree{common + "arch/x86/Makefile": ""}
	if hashOf(t, header, version) != hashOf(t, nil, version) {
		t.Error("a header that a package's version vouches for counts by itself")
	}
	note("no package", hashOf(t, nil, ""))
	note("a header of no package", hashOf(t, header, ""))
	note("a makefile of no package", hashOf(t, makefile, ""))
	if hashOf(t, tree{common + "arch/x86/head.o": "", arch + "vmlinux": ""}, "") != hashOf(t, nil, "") {
		t.Error("what a kernel's own build has left counts")
	}
}

// TestHashIsKept: the hash of a kernel is that of its files when it was first asked for; only a kernel that was found has one.
func TestHashIsKept(t *testing.T) {
	root := bookworm(nil).write(t, t.TempDir())
	k, err := Finder{Root: root}.Find(release)
	if err != nil {
		t.Fatal(err)
	}
	first, _ := k.Hash()
	if err := os.WriteFile(filepath.Join(root, arch, "Module.symvers"), []byte("changed"), 0o644); err != nil {
		t.Fatal(err)
	}
	if second, err := k.Hash(); second != first || first == "" || err != nil {
		t.Errorf("got %s, then %s, %v", first, second, err)
	}
	if hash, err := (Kernel{Release: release}).Hash(); hash != "" || !errors.As(err, new(*HeadersError)) {
		t.Errorf("no kernel: got %s, %v", hash, err)
	}
}

// TestHashWaitsForNothing: a named pipe among the scripts is not read.
func TestHashWaitsForNothing(t *testing.T) {
	root := bookworm(nil).write(t, t.TempDir())
	if err := syscall.Mkfifo(filepath.Join(root, "usr/lib/linux-kbuild-6.1/scripts/fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	k, err := Finder{Root: root}.Find(release)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Hash(); err != nil {
		t.Error(err)
	}
}
