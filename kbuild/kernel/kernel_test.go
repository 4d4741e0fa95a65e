package kernel

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mago/debpkg/codec"
	"mago/debpkg/rooted"
	"mago/debpkg/word"
)

const (
	release = "6.1.0-56-amd64"
	arch    = "usr/src/linux-headers-6.1.0-56-amd64/"
	common  = "usr/src/linux-headers-6.1.0-56-common/"
)

// bookworm is a root with the headers of one kernel, as Debian 12's packages lay them out.
func bookworm(changed tree) tree {
	files := tree{
		"lib":                                             "-> usr/lib",
		"usr/lib/modules/6.1.0-56-amd64/build":            "-> /usr/src/linux-headers-6.1.0-56-amd64",
		"usr/lib/modules/6.1.0-56-amd64/source":           "-> /usr/src/linux-headers-6.1.0-56-common",
		arch + "Makefile":                                 "include /usr/src/linux-headers-6.1.0-56-common/Makefile\n",
		arch + ".config":                                  "# a comment\nCONFIG_X86_64=y\n# CONFIG_SMP is not set\nCONFIG_CC_VERSION_TEXT=\"gcc-12 (Debian 12.2.0-14) 12.2.0\"\nCONFIG_LOCALVERSION=\"\"\n",
		arch + "include/generated/utsrelease.h":           "#define UTS_RELEASE \"6.1.0-56-amd64\"\n",
		arch + "include/config/kernel.release":            "6.1.148\n",
		arch + "include/generated/autoconf.h":             "",
		arch + "include/config/auto.conf":                 "",
		arch + "Module.symvers":                           "0x00000000\tentry\tvmlinux\tEXPORT_SYMBOL\t\n0x0a000000\tprintk\tvmlinux\tEXPORT_SYMBOL\t\n",
		arch + "scripts":                                  "-> /usr/lib/linux-kbuild-6.1/scripts",
		common + "Makefile":                               "# Linux\n",
		"usr/lib/linux-kbuild-6.1/scripts/Makefile.build": "",
		"usr/lib/linux-kbuild-6.1/scripts/mod/modpost":    "",
	}
	maps.Copy(files, changed)
	maps.DeleteFunc(files, func(_, content string) bool { return content == "-" })
	return files
}

func TestFind(t *testing.T) {
	for name, suffix := range map[string]string{"as it is": "", "slash at the end": "/", "odd": "//."} {
		t.Run(name, func(t *testing.T) {
			root := bookworm(nil).write(t, t.TempDir())
			k, err := Finder{Root: root + suffix}.Find(release)
			if err != nil {
				t.Fatal(err)
			}
			want := Kernel{
				Release: release, Version: release, Arch: "x86_64", Compiler: program("gcc-12"), Compression: codec.None,
				Headers: "/usr/src/linux-headers-6.1.0-56-amd64", Common: "/usr/src/linux-headers-6.1.0-56-common",
				Build: "/lib/modules/6.1.0-56-amd64/build", ModulesDir: "/lib/modules/6.1.0-56-amd64",
			}
			if k.Config()["CONFIG_X86_64"] != "y" || len(k.Config()) != 3 {
				t.Errorf("config is %v", k.Config())
			}
			if !equal(k, want) {
				t.Errorf("got  %+v\nwant %+v", k, want)
			}
		})
	}
}

func equal(a, b Kernel) bool {
	return a.Release == b.Release && a.Version == b.Version && a.Package == b.Package && a.Arch == b.Arch && a.Compiler == b.Compiler &&
		a.Compression == b.Compression && a.Headers == b.Headers && a.Common == b.Common && a.Build == b.Build && a.ModulesDir == b.ModulesDir
}

func TestFindThroughLinkedRoot(t *testing.T) {
	root := bookworm(nil).write(t, filepath.Join(t.TempDir(), "real"))
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(root, link); err != nil {
		t.Fatal(err)
	}
	k, err := Finder{Root: link}.Find(release)
	if err != nil || k.Headers != "/usr/src/linux-headers-6.1.0-56-amd64" {
		t.Errorf("got %s, %v", k.Headers, err)
	}
}

func TestFindIncomplete(t *testing.T) {
	const headers = "/usr/src/linux-headers-6.1.0-56-amd64"
	for name, test := range map[string]struct {
		changed tree
		dirs    []string
		want    HeadersError
	}{
		"nothing":       {tree{"usr/lib/modules/6.1.0-56-amd64/build": "-", arch + "include/generated/utsrelease.h": "-", arch + "include/config/kernel.release": "-", arch + "x": "-"}, nil, HeadersError{Dir: headers, Missing: "include/generated/utsrelease.h"}},
		"dangling link": {tree{"usr/lib/modules/6.1.0-56-amd64/build": "-> /usr/src/gone", arch + "include/generated/utsrelease.h": "-", arch + "include/config/kernel.release": "-"}, nil, HeadersError{Dir: "/lib/modules/6.1.0-56-amd64/build", Missing: "include/generated/utsrelease.h"}},
		"no Makefile":   {tree{arch + "Makefile": "-"}, nil, HeadersError{Dir: headers, Missing: "Makefile"}},
		"no config":     {tree{arch + ".config": "-"}, nil, HeadersError{Dir: headers, Missing: ".config"}},
		"empty symvers": {tree{arch + "Module.symvers": "\n"}, nil, HeadersError{Dir: headers, Missing: "symbols: Module.symvers is empty"}},
		"no CRCs": {tree{arch + "Module.symvers": "0x00000000\tprintk\tvmlinux\tEXPORT_SYMBOL\t\n", arch + ".config": "CONFIG_MODVERSIONS=y\n"}, nil,
			HeadersError{Dir: headers, Missing: "CRCs: Module.symvers has none, and CONFIG_MODVERSIONS=y"}},
		"no symvers":        {tree{arch + "Module.symvers": "-"}, nil, HeadersError{Dir: headers, Missing: "Module.symvers"}},
		"no kbuild package": {tree{"usr/lib/linux-kbuild-6.1/scripts/Makefile.build": "-", "usr/lib/linux-kbuild-6.1/scripts/mod/modpost": "-"}, nil, HeadersError{Dir: headers, Missing: "scripts/Makefile.build"}},
		"no modpost":        {tree{"usr/lib/linux-kbuild-6.1/scripts/mod/modpost": "-"}, nil, HeadersError{Dir: headers, Missing: "scripts/mod/modpost"}},
		"no common half":    {tree{common + "Makefile": "-"}, nil, HeadersError{Dir: headers, Missing: "/usr/src/linux-headers-6.1.0-56-common/Makefile"}},
		"an empty -k":       {tree{"k/": "", "usr/lib/modules/6.1.0-56-amd64/build": "-", arch + "include/generated/utsrelease.h": "-", arch + "include/config/kernel.release": "-"}, []string{"/k"}, HeadersError{Dir: "/k", Missing: "include/generated/utsrelease.h"}},
	} {
		t.Run(name, func(t *testing.T) {
			root := bookworm(test.changed).write(t, t.TempDir())
			k, err := Finder{Root: root, Dirs: test.dirs}.Find(release)
			var got *HeadersError
			if !errors.As(err, &got) {
				t.Fatalf("got %+v, %v", k, err)
			}
			test.want.Release = release
			if *got != test.want {
				t.Errorf("got %+v, want %+v", *got, test.want)
			}
		})
	}
}

func TestFindOther(t *testing.T) {
	root := bookworm(tree{"k/include/generated/utsrelease.h": "#define UTS_RELEASE \"5.10.0-1-amd64\"\n"}).write(t, t.TempDir())
	_, err := Finder{Root: root, Dirs: []string{"/k"}}.Find("6.12.9-amd64")
	if err == nil || err.Error() != "no headers for kernel 6.12.9-amd64" {
		t.Errorf("got %v", err)
	}
}

// TestFindStaysInside has links that mean files of the root, and would find none or others outside.
func TestFindStaysInside(t *testing.T) {
	root := bookworm(tree{
		"lib": "-> /usr/lib", arch + "include/generated/utsrelease.h": "-> /etc/mago-release",
		"etc/mago-release": "#define UTS_RELEASE \"6.1.0-56-amd64\"\n", arch + "Makefile": "-> ../../../../../../../../etc/mago-makefile",
		"etc/mago-makefile": "include /usr/src/common-link/Makefile\n", "usr/src/common-link": "-> /usr/src/linux-headers-6.1.0-56-common",
	}).write(t, t.TempDir())
	k, err := Finder{Root: root}.Find(release)
	if err != nil || k.Common != "/usr/src/common-link" {
		t.Errorf("got %+v, %v", k, err)
	}
	if got := (Finder{Root: root}).WithHeaders(); !slices.Equal(got, []string{release}) {
		t.Errorf("got %v", got)
	}
}

func TestFindByDirectory(t *testing.T) {
	files := bookworm(nil)
	for name, content := range bookworm(tree{"lib": "-", "usr/lib/modules/6.1.0-56-amd64/build": "-", arch + "include/generated/utsrelease.h": "#define UTS_RELEASE \"6.1.0-own\"\n", arch + "Makefile": "all:\n"}) {
		files["opt/linux/"+name] = content
	}
	root := files.write(t, t.TempDir())
	dir := "/opt/linux/" + arch
	finder := Finder{Root: root, Dirs: []string{dir}}
	if got, err := finder.ReleaseOf(dir); got != "6.1.0-own" || err != nil {
		t.Errorf("release is %q, %v", got, err)
	}
	k, err := finder.Find("6.1.0-own")
	if err != nil || k.Headers != filepath.Clean(dir) || k.Build != dir || k.Common != "" || k.ModulesDir != "/lib/modules/6.1.0-own" {
		t.Errorf("got %+v, %v", k, err)
	}
	if _, err := finder.ReleaseOf("/opt"); err == nil {
		t.Error("/opt has a release")
	}
}

func TestReleaseOfPlainHeaders(t *testing.T) {
	root := tree{"k/include/config/kernel.release": "6.9.1\n"}.write(t, t.TempDir())
	if got, err := (Finder{Root: root}).ReleaseOf("/k"); got != "6.9.1" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestForeignRelease: a release becomes a part of paths, and headers may come from anywhere.
func TestForeignRelease(t *testing.T) {
	for _, word := range []string{"../../x", "..", "-rf", "a b", "a/b", "a\x1b[2J", "a\nb", "ä", ""} {
		root := bookworm(tree{"h/include/generated/utsrelease.h": "#define UTS_RELEASE \"" + word + "\"\n", "k/include/config/kernel.release": word}).write(t, t.TempDir())
		f := Finder{Root: root, Dirs: []string{"/h", "/k"}}
		for _, dir := range f.Dirs {
			if got, err := f.ReleaseOf(dir); err == nil || got != "" {
				t.Errorf("%s of %q: got %q, %v", dir, word, got, err)
			}
		}
		_, err := f.Find(word)
		var missing *HeadersError
		if !errors.As(err, &missing) || missing.Dir != "" || ValidRelease(word) {
			t.Errorf("%q: got %v", word, err)
		}
	}
	root := tree{"k/include/generated/utsrelease.h": "#define UTS_RELEASE \"../../x\"\n"}.write(t, t.TempDir())
	_, err := Finder{Root: root}.ReleaseOf("/k")
	if err == nil || !strings.HasPrefix(err.Error(), `/k/include/generated/utsrelease.h: kernel release "../../x": not letters`) {
		t.Errorf("got %v", err)
	}
	for _, word := range []string{release, "7.0~rc1-amd64", "6.12.9+deb13-amd64", "6.1.0-own_1"} {
		if !ValidRelease(word) {
			t.Errorf("%s is refused", word)
		}
	}
}

func TestFindPackage(t *testing.T) {
	for name, test := range map[string]struct {
		installed    map[string]string
		pkg, version string
	}{
		"headers":    {map[string]string{"linux-headers-" + release: "6.1.148-1", "linux-image-" + release: "6.1.147-1"}, "linux-headers-" + release, "6.1.148-1"},
		"image only": {map[string]string{"linux-image-" + release: "6.1.147-1"}, "", "6.1.147-1"},
		"none":       {nil, "", release},
	} {
		t.Run(name, func(t *testing.T) {
			root := bookworm(nil).write(t, t.TempDir())
			k, err := Finder{Root: root, Packages: installed(test.installed)}.Find(release)
			if err != nil || k.Package != test.pkg || k.Version != test.version {
				t.Errorf("got %s %s, %v", k.Package, k.Version, err)
			}
		})
	}
}

func TestModulesDir(t *testing.T) {
	list := "var/lib/dpkg/info/linux-image-" + release + ".list"
	for name, test := range map[string]struct{ list, want string }{
		"bookworm": {"/.\n/lib\n/lib/modules\n/lib/modules/" + release + "\n", "/lib/modules/" + release},
		"trixie":   {"/.\n/usr\n/usr/lib/modules/" + release + "\n/usr/lib/modules/" + release + "/kernel\n", "/usr/lib/modules/" + release},
		"another":  {"/usr/lib/modules/" + release + "-dbg\n", "/lib/modules/" + release},
	} {
		t.Run(name, func(t *testing.T) {
			root := bookworm(tree{list: test.list}).write(t, t.TempDir())
			if k, err := (Finder{Root: root, Packages: installed(map[string]string{"linux-image-" + release: "1"})}).Find(release); err != nil || k.ModulesDir != test.want {
				t.Errorf("got %s, %v", k.ModulesDir, err)
			}
		})
	}
}

func TestConfig(t *testing.T) {
	for text, want := range map[string]struct {
		compiler, machine string
		compression       codec.Format
	}{
		"CONFIG_X86_64=y\nCONFIG_CC_VERSION_TEXT=\"gcc-12 (Debian 12.2.0-14) 12.2.0\"":                                 {"gcc-12", "x86_64", codec.None},
		"CONFIG_ARM64=y\nCONFIG_MODULE_COMPRESS_XZ=y\nCONFIG_CC_VERSION_TEXT=\"aarch64-linux-gnu-gcc-14 (Debian) 14\"": {"aarch64-linux-gnu-gcc-14", "aarch64", codec.XZ},
		"CONFIG_X86_32=y\nCONFIG_MODULE_COMPRESS_GZIP=y\n# CONFIG_MODULE_COMPRESS_XZ is not set":                       {"gcc", "i686", codec.Gzip},
		"CONFIG_RISCV=y\nCONFIG_MODULE_COMPRESS_ZSTD=y\r\nCONFIG_CC_VERSION_TEXT=\"\"":                                 {"gcc", "riscv64", codec.Zstd},
		"CONFIG_PPC64=y\nCONFIG_CC_IS_CLANG=y\nCONFIG_CC_VERSION_TEXT=\"Debian clang version 19\"":                     {"clang", "ppc64le", codec.None},
		"CONFIG_S390=y": {"gcc", "s390x", codec.None},
		"CONFIG_ARM=y":  {"gcc", "armv7l", codec.None},
		"CONFIG_CC_IS_CLANG=y\nCONFIG_CLANG_VERSION=190107\nCONFIG_CC_VERSION_TEXT=\"Debian clang version 19.1.7\"": {"clang-19", "unknown", codec.None},
		"NOT_CONFIG=y": {"gcc", "unknown", codec.None},
	} {
		c := ParseConfig([]byte(text))
		if got := c.compilers()[0]; got != want.compiler {
			t.Errorf("%q: compiler %s", text, got)
		}
		if _, got, _ := c.machine(); got != want.machine {
			t.Errorf("%q: machine %s", text, got)
		}
		if got := c.compression(); got != want.compression {
			t.Errorf("%q: compression %v", text, got)
		}
	}
}

// FuzzReadConfig: whatever a .config holds, an option's value stands in it, and what is derived from it can be a name.
func FuzzReadConfig(f *testing.F) {
	f.Add("CONFIG_SMP=y\n# CONFIG_X is not set\nCONFIG_CC_VERSION_TEXT=\"gcc-12 (Debian 12.2.0-14) 12.2.0\"\nCONFIG_CLANG_VERSION=190107\n")
	f.Add("CONFIG_CC_IS_CLANG=y\nCONFIG_LD_IS_LLD=y\nCONFIG_LLD_VERSION=99999999999999999999\nCONFIG_=\n")
	f.Fuzz(func(t *testing.T, text string) {
		c := ParseConfig([]byte(text))
		for name, value := range c {
			if !strings.Contains(text, name+"=") || !strings.Contains(text, value) {
				t.Errorf("%s=%q is not in the text", name, value)
			}
		}
		compiler, err := word.ParseProgram(c.compilers()[0])
		k := Kernel{Compiler: compiler}.WithConfig(c)
		for _, setting := range k.Toolchain() {
			_, value, _ := strings.Cut(setting, "=")
			if _, err := word.ParseProgram(strings.TrimPrefix(value, "-")); err != nil && !compiler.IsZero() {
				t.Errorf("%q, compiler %q", setting, compiler)
			}
		}
		for _, tool := range append(Tools(t.TempDir(), k), k.toolchain()...) {
			if tool.Tool.IsZero() {
				t.Errorf("compiler %q, %v: no program's name", compiler, err)
			}
		}
		c.compression()
		c.programs()
	})
}

// Directories that no kernel could be called are none, and neither is what a foreign /proc says.
func TestUnfitReleasesAreNone(t *testing.T) {
	root := tree{
		"lib/modules/6.1/modules.builtin": "", "lib/modules/-x/modules.builtin": "", "lib/modules/a b/modules.builtin": "", "lib/modules/$(id)/modules.builtin": "",
		"usr/src/linux-headers--oX=y/.config": "", "usr/src/linux-headers-6.2/.config": "", "proc/sys/kernel/osrelease": "6.1 -oX=y\n",
	}.write(t, t.TempDir())
	f := Finder{Root: root}
	if got := append(f.Installed(), f.WithHeaders()...); !slices.Equal(got, []string{"6.1", "6.2"}) || f.Running() != "" {
		t.Errorf("got %q, running %q", got, f.Running())
	}
}

// Only a plain name is a compiler, wherever headers name it.
func TestForeignCompiler(t *testing.T) {
	for text, want := range map[string]string{
		"CC = gcc-14": "gcc-14", "override CC = x86_64-linux-gnu-gcc-12": "x86_64-linux-gnu-gcc-12", "CC = --simulate": "", "CC = -oX": "", "CC=+x": "", "CC = $(x) .y": "",
	} {
		root := tree{"k/.kernelvariables": text + "\n", "k/.config": ""}.write(t, t.TempDir())
		for _, prefix := range []string{"", "x86_64-linux-gnu-"} {
			config := Config{"CONFIG_CC_VERSION_TEXT": prefix + "gcc-12 12.2"}
			got, err := word.ParseProgram(Finder{Root: root}.compiler(headers{rooted.Root(root), "/k"}, config).name)
			if strings.TrimPrefix(got.String(), prefix) != strings.TrimPrefix(want, prefix) || (err == nil) != (want != "") {
				t.Errorf("%s: got %q, %v", text, got, err)
			}
		}
	}
}
