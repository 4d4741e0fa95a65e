package kernel

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// parted are the files of bookworm in the packages that Debian has them in, each below a directory of its own: the link that
// /usr/lib/linux-kbuild-6.1 is leads to /usr/src, and the modules' directory is not below /usr.
func parted(t *testing.T, changed tree) Opened {
	t.Helper()
	packages := map[string]tree{"headers": {}, "common": {}, "kbuild": {"usr/lib/linux-kbuild-6.1": "-> ../src/linux-kbuild-6.1"}, "libelf1": {
		"usr/lib/x86_64-linux-gnu/libelf.so.1": "-> libelf-0.188.so", "usr/lib/x86_64-linux-gnu/libelf-0.188.so": "", "usr/share/doc/libelf1/copyright": "",
	}}
	for name, content := range bookworm(changed) {
		switch {
		case strings.HasPrefix(name, common):
			packages["common"][name] = content
		case strings.HasPrefix(name, "usr/lib/linux-kbuild-6.1/"):
			packages["kbuild"][strings.Replace(name, "usr/lib", "usr/src", 1)] = content
		case name != "lib":
			packages["headers"][strings.Replace(name, "usr/lib/modules", "lib/modules", 1)] = strings.Replace(content, "-> /usr/src/linux", "-> ../../../usr/src/linux", 1)
		}
	}
	top := t.TempDir()
	o := Opened{Package: "linux-headers-" + release, Version: "6.1.192-2"}
	for _, name := range []string{"headers", "common", "kbuild", "libelf1"} {
		o.Dirs = append(o.Dirs, packages[name].write(t, filepath.Join(top, name)))
	}
	return o
}

// scripted leads where Debian's headers have their scripts.
var scripted = tree{arch + "scripts": "-> ../../lib/linux-kbuild-6.1/scripts", "usr/lib/linux-kbuild-6.1/scripts/Makefile.lib": "\n",
	arch + ".kernelvariables": "override CC = $(if $(DEBIAN_KERNEL_USE_CCACHE),ccache) $(CROSS_COMPILE)gcc-12\n"}

// TestFindOpened: headers whose packages are opened apart are the very kernel that they are installed, to the hash.
func TestFindOpened(t *testing.T) {
	root := bookworm(scripted).write(t, t.TempDir())
	installed := []Package{{"linux-headers-" + release, "6.1.192-2"}}
	want, err := Finder{Root: root, Packages: func(string) []Package { return installed }}.Find(release)
	if err != nil {
		t.Fatal(err)
	}
	o := parted(t, scripted)
	k, err := Finder{Root: t.TempDir()}.FindOpened(release, o)
	if err != nil {
		t.Fatal(err)
	}
	if !equal(k, want) || !maps.Equal(k.Config(), want.Config()) || k.Scripts() != "/usr/src/linux-kbuild-6.1/scripts" {
		t.Errorf("got  %+v\nwant %+v, scripts in %s", k, want, k.Scripts())
	}
	hash, err1 := k.Hash()
	wanted, err2 := want.Hash()
	if hash != wanted || err1 != nil || err2 != nil {
		t.Errorf("hash %s, %v; installed %s, %v", hash, err1, wanted, err2)
	}
	facts, ok := k.Facts()
	text, err := json.Marshal(facts)
	var read Facts
	if err != nil || json.Unmarshal(text, &read) != nil || !ok || !equal(read.Kernel(o), want) || read.Kernel(o).Config()["CONFIG_X86_64"] != "y" {
		t.Errorf("of its facts %s: %v, %v", text, ok, err)
	}
	testOpenedMounts(t, k)
}

// testOpenedMounts: what programs are shown is where the packages have it, the links as links, and no directory of the system.
// TestOpenedProgramsCount: what comes with opened headers and is run by builds is part of their kernel's hash.
func TestOpenedProgramsCount(t *testing.T) {
	o, hashes := parted(t, scripted), map[string]bool{}
	o.Dirs = append(o.Dirs, t.TempDir())
	for _, program := range []string{"", "one", "another"} {
		if program != "" {
			tree{"usr/bin/pahole": program}.write(t, o.Dirs[len(o.Dirs)-1])
		}
		k, err := Finder{Root: t.TempDir()}.FindOpened(release, o)
		if err != nil {
			t.Fatal(err)
		}
		hash, err := k.Hash()
		if err != nil {
			t.Fatal(err)
		}
		hashes[hash] = true
	}
	if len(hashes) != 3 {
		t.Errorf("%d hashes of 3 kernels", len(hashes))
	}
}

func testOpenedMounts(t *testing.T, k Kernel) {
	shown := map[string]string{}
	for _, m := range k.Mounts() {
		info, err := os.Lstat(m.Host)
		if m.Link == "" && (err != nil || m.Inode == 0) {
			t.Errorf("%+v: %v", m, err)
		}
		shown[m.Path] = m.Link
		if err == nil && !info.IsDir() {
			shown[m.Path] = "file"
		}
	}
	if want := map[string]string{
		"/usr/src/linux-headers-" + release: "", "/usr/src/linux-headers-6.1.0-56-common": "", "/usr/src/linux-kbuild-6.1": "",
		"/usr/lib/linux-kbuild-6.1":           "../src/linux-kbuild-6.1",
		"/lib/modules/" + release + "/build":  "/usr/src/linux-headers-" + release,
		"/lib/modules/" + release + "/source": "/usr/src/linux-headers-6.1.0-56-common",
		"/usr/lib/libelf.so.1":                "libelf-0.188.so",
		"/usr/lib/libelf-0.188.so":            "file",
	}; !maps.Equal(shown, want) {
		t.Errorf("shows %q\nwant  %q", shown, want)
	}
}

// TestOpenedLacks: packages that lack a part, or hold links in a ring, are no kernel, and the error says of what.
func TestOpenedLacks(t *testing.T) {
	for name, test := range map[string]struct {
		changed tree
		want    string
	}{
		"no scripts":      {tree{arch + "scripts": "-> /nowhere"}, "no scripts/Makefile.build"},
		"a ring":          {tree{arch + "scripts": "-> scripts"}, "no scripts/Makefile.build"},
		"another release": {tree{arch + "include/generated/utsrelease.h": "#define UTS_RELEASE \"6.1.0-57-amd64\"\n"}, "no headers for kernel"},
	} {
		_, err := Finder{Root: t.TempDir()}.FindOpened(release, parted(t, test.changed))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
