package sources

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNaming: a source is called after what it is, and never after what everybody's directory is called.
func TestNaming(t *testing.T) {
	const two = "obj-m := a.o b.o\n"
	for name, test := range map[string]struct {
		dir     string
		content files // paths from the directory above
		want    string
	}{
		"its one module":            {"src", files{"src/Makefile": "obj-m := r81.o\nr81-y := main.o hw.o\n"}, "r81 0"},
		"before its directory":      {"checkout", files{"checkout/Makefile": "obj-m := r81.o\n"}, "r81 0"},
		"by a condition":            {"src", files{"src/Kbuild": "obj-$(CONFIG_R81) += r81_usb.o\n", "src/Makefile": "obj-m := other.o\n"}, "r81-usb 0"},
		"by a variable":             {"src", files{"src/Makefile": "MODULE_NAME ?= r81 # its name\nobj-m := \\\n $(MODULE_NAME).o\n"}, "r81 0"},
		"in a directory":            {"driver", files{"driver/Makefile": "obj-y += core/\nobj-y += built-in.o\n", "driver/core/Makefile": "obj-m := r81.o\n"}, "r81 0"},
		"one that is computed":      {"r82", files{"r82/Makefile": "obj-m := r81.o $(MORE).o\n"}, "r82 0"},
		"of two values":             {"r82", files{"r82/Makefile": "ifdef X\nN := a\nelse\nN := b\nendif\nobj-m := $(N).o\n"}, "r82 0"},
		"several modules":           {"r82-2.0", files{"r82-2.0/Makefile": two}, "r82 2.0"},
		"a module called main":      {"r82", files{"r82/Makefile": "obj-m := main.o\n"}, "r82 0"},
		"dkms.conf's module":        {"src", files{"src/dkms.conf": "PACKAGE_NAME=$N\nPACKAGE_VERSION=1.0\nBUILT_MODULE_NAME[0]=\"r81\"\n"}, "r81 1.0"},
		"a generic PACKAGE_NAME":    {"r82", files{"r82/dkms.conf": "PACKAGE_NAME=driver\nPACKAGE_VERSION=1.0\n"}, "r82 1.0"},
		"debian/control":            {"src", files{"src/Makefile": two, "src/debian/control": "Source: r81-dkms\nBuild-Depends: dkms\n"}, "r81 0"},
		"the directory above":       {"src", files{"src/Makefile": two}, "gasket-driver 1.1"},
		"its debian directory":      {"src", files{"src/Makefile": two, "debian/changelog": changelogText}, "hello 1.0"},
		"its dkms.conf":             {"src", files{"src/Makefile": two, "dkms.conf": dkmsConf}, "hello 1.0"},
		"generic with a number":     {"src2", files{"src2/Makefile": two}, "gasket-driver 1.1"},
		"generic words":             {"Linux_Driver-v3", files{"Linux_Driver-v3/Makefile": two}, "gasket-driver 3"},
		"a version":                 {"v2.4", files{"v2.4/Makefile": two}, "gasket-driver 2.4"},
		"a branch of GitHub's":      {"rtl8821CU-main", files{"rtl8821CU-main/Makefile": two}, "rtl8821cu 0"},
		"a branch with a version":   {"r8125-9.003-master", files{"r8125-9.003-master/Makefile": two}, "r8125 9.003"},
		"a commit":                  {"r8125-0123456789abcdef0123456789abcdef01234567", files{"r8125-0123456789abcdef0123456789abcdef01234567/Makefile": two}, "r8125 0"},
		"words and one of its own":  {"linux-apfs-src", files{"linux-apfs-src/Makefile": two}, "linux-apfs 0"},
		"number of its own":         {"lib80211", files{"lib80211/Makefile": two}, "lib80211 0"},
		"a word for many modules":   {"all", files{"all/Makefile": two}, "gasket-driver 1.1"},
		"a package's kernel inside": {"a-modules-x", files{"a-modules-x/Makefile": two}, "gasket-driver 1.1"},
	} {
		t.Run(name, func(t *testing.T) {
			top := filepath.Join(t.TempDir(), "gasket-driver-1.1")
			for file, text := range test.content {
				write(t, filepath.Join(top, file), []byte(text))
			}
			tree, err := new(Fetcher).Local(t.Context(), filepath.Join(top, test.dir))
			if err != nil {
				t.Fatal(err)
			}
			if got := tree.Name + " " + tree.Version; got != test.want || tree.Own != tree.Name {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestNoName: where the directory above says as little, the user has to say a name, and that is taken.
func TestNoName(t *testing.T) {
	top := filepath.Join(t.TempDir(), "build")
	for _, base := range []string{"src", "module", "modules", "driver", "drivers", "kernel", "linux", "main", "master", "trunk", "build", "tree", "___", "1.0", "v2"} {
		dir := filepath.Join(top, base)
		write(t, filepath.Join(dir, "Makefile"), []byte("obj-m := a.o b.o\n"))
		var unnamed *UnnamedError
		if _, err := new(Fetcher).Local(t.Context(), dir); !errors.As(err, &unnamed) || unnamed.Source != dir {
			t.Errorf("%s: %v", base, err)
		}
		if tree, err := new(Fetcher).LocalAs(t.Context(), dir, "given"); err != nil || tree.Name != "given" || tree.Own != "" {
			t.Errorf("%s: %+v, %v", base, tree, err)
		}
	}
}

// TestAboveIsTheOwners: what others have put beside a source does not name it.
func TestAboveIsTheOwners(t *testing.T) {
	top := filepath.Join(t.TempDir(), "build")
	dir := filepath.Join(top, "src")
	write(t, filepath.Join(dir, "Makefile"), []byte("obj-m := a.o b.o\n"))
	write(t, filepath.Join(top, "dkms.conf"), []byte(dkmsConf))
	if tree, err := new(Fetcher).Local(t.Context(), dir); err != nil || tree.Name != "hello" {
		t.Errorf("%+v, %v", tree, err)
	}
	if err := os.Chmod(top, 0o777); err != nil {
		t.Fatal(err)
	}
	if tree, err := new(Fetcher).Local(t.Context(), dir); err == nil {
		t.Errorf("named by what everybody may write: %+v", tree)
	}
}

// TestNamingOfTarballs: the directories in it, its own name and that of the directory it lies in.
func TestNamingOfTarballs(t *testing.T) {
	const two = "obj-m := a.o b.o\n"
	for file, test := range map[string]struct {
		content files
		want    string
	}{
		"r81/src.tar":                {files{"src/Makefile": two}, "r81 0"},
		"r81/r82-1.0.tar":            {files{"src/Makefile": two}, "r82 1.0"},
		"r81/src-1.0.tar.gz":         {files{"src/Makefile": "obj-m := r83.o\n"}, "r83 1.0"},
		"r81/driver-2.tar":           {files{"r84-main/Makefile": two}, "r84 0"},
		"r81/main.tar":               {files{"modules/r85/Makefile": two}, "r85 0"},
		"build/v4.tar":               {files{"Makefile": two}, ""},
		"r81-1.1/linux-driver-2.tar": {files{"Makefile": two}, "r81 2"},
	} {
		path := write(t, filepath.Join(t.TempDir(), file), tarball(t, test.content))
		f := &Fetcher{Cache: t.TempDir()}
		for _, when := range []string{"opened", "cached"} {
			tree, err := f.Local(t.Context(), path)
			if test.want == "" {
				if unnamed := (*UnnamedError)(nil); !errors.As(err, &unnamed) {
					t.Errorf("%s, %s: %+v, %v", file, when, tree, err)
				}
				continue
			}
			if err != nil || tree.Name+" "+tree.Version != test.want {
				t.Errorf("%s, %s: %+v, %v, want %s", file, when, tree, err, test.want)
			}
		}
		if tree, err := f.LocalAs(t.Context(), path, "given"); err != nil || tree.Name != "given" {
			t.Errorf("%s: %+v, %v", file, tree, err)
		}
	}
}

// TestModules: what a source says it builds.
func TestModules(t *testing.T) {
	for text, want := range map[string]string{
		"obj-m := b.o a-b.o\nobj-$(CONFIG_X) += c.o\n#obj-m += d.o\n": "a_b b c",
		"obj-y := x.o\nobj-m += sub/\n":                               "s",
		"all:\n\tmake -C src\n":                                       "",
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "Makefile"), []byte(text))
		write(t, filepath.Join(dir, "sub/Kbuild"), []byte("obj-m := s.o\nobj-m += ../\n"))
		if got := strings.Join((&Tree{Dir: dir}).Modules(), " "); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
		write(t, filepath.Join(dir, "dkms.conf"), []byte("BUILT_MODULE_NAME[0]='x'\nDEST_MODULE_NAME[0]=y-z\nBUILT_MODULE_NAME[1]=$n\n"))
		if got := strings.Join((&Tree{Dir: dir}).Modules(), " "); got != "x y_z" {
			t.Errorf("dkms.conf: got %s", got)
		}
	}
}

func TestCheckName(t *testing.T) {
	for name, good := range map[string]bool{
		"r81": true, "src": true, "a+b.c": true, "": false, "R81": false, "r81-dkms": false, "r81-source": false, "x-modules": false,
		"all": false, "alli": false, "-x": false, "a/b": false, "a_b": false, "x-modules-6.1.0-1": false,
	} {
		if err := CheckName(name); (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
	}
}
