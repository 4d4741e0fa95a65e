package kernel

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// hashOf writes bookworm's headers with something changed, always to the same paths, and hashes the kernel found in them.
func hashOf(t *testing.T, changed tree, packaged bool) string {
	t.Helper()
	f := Finder{Root: bookworm(changed).write(t, t.TempDir())}
	if packaged {
		f.PackageVersion = func(name string) string { return "6.1.148-1" }
	}
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
	seen := map[string]string{hashOf(t, nil, false): "nothing", hashOf(t, nil, true): "the package"}
	if len(seen) != 2 {
		t.Error("the package does not count")
	}
	const kbuild = "usr/lib/linux-kbuild-6.1/scripts/"
	for name, changed := range map[string]tree{
		"configuration": {arch + ".config": "CONFIG_X86_64=y\n"}, "symbols": {arch + "Module.symvers": "0x1\tx\tvmlinux\tEXPORT_SYMBOL\t\n"},
		"Makefile": {arch + "Makefile": "#\ninclude /usr/src/linux-headers-6.1.0-56-common/Makefile\n"}, "the other half's": {common + "Makefile": "#\n"},
		"compiler": {arch + ".kernelvariables": "CC = gcc-14\n"}, "auto.conf": {arch + "include/config/auto.conf": "#"}, "autoconf.h": {arch + "include/generated/autoconf.h": "/**/"},
		"a script": {kbuild + "Makefile.build": "#"}, "a program": {kbuild + "mod/modpost": "#"}, "another script": {kbuild + "new": ""}, "a script's link": {kbuild + "new": "-> Makefile.build"},
		"objtool": {arch + "tools/objtool/objtool": ""}, "modules' directory": {"var/lib/dpkg/info/linux-image-" + release + ".list": "/usr/lib/modules/" + release + "\n"},
		"a header": {common + "include/linux/module.h": ""}, "an architecture's": {common + "arch/x86/Makefile": ""},
	} {
		hash := hashOf(t, changed, false)
		if same := seen[hash]; same != "" {
			t.Errorf("%s changes nothing against %s", name, same)
		}
		seen[hash] = name
	}
	if hashOf(t, tree{common + "include/linux/module.h": ""}, true) != hashOf(t, nil, true) {
		t.Error("a header that a package's version vouches for counts by itself")
	}
	if hashOf(t, tree{common + "arch/x86/head.o": "", arch + "vmlinux": ""}, false) != hashOf(t, nil, false) {
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
