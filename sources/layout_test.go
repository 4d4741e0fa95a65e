package sources

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mago/catalog"
	"mago/debpkg"
)

// moduleFiles are the contents of a module-assistant tarball.
func moduleFiles() files {
	return files{
		"modules/hello/debian/rules":     "#!/usr/bin/make -f\n",
		"modules/hello/debian/changelog": changelogText,
		"modules/hello/Makefile":         "obj-m := hello.o\n",
	}
}

// get gives what Get makes of a .deb with this data.
func get(t *testing.T, kind catalog.Kind, data []byte) (string, *Tree, error) {
	t.Helper()
	cache := t.TempDir()
	pkg, name := helloDKMS(data), "hello-dkms"
	if kind == catalog.ModuleAssistant {
		pkg, name = helloSource(data), "hello-source"
	}
	file := deb(t, name, "1.0-2", data)
	pkg.SHA256 = hash(file)
	f := &Fetcher{Cache: cache, Run: leaves("x.deb", file).Run}
	tree, err := f.Get(t.Context(), pkg)
	return cache, tree, err
}

func TestGetFindsTheSource(t *testing.T) {
	inner := string(tarball(t, moduleFiles()))
	for name, test := range map[string]struct {
		kind    catalog.Kind
		content files
		want    string
	}{
		"dkms":                      {catalog.DKMS, files{"usr/src/whatever-1/dkms.conf": ""}, "data/usr/src/whatever-1"},
		"dkms, one of two":          {catalog.DKMS, files{"usr/src/x-1/dkms.conf": "", "usr/src/hello-1.0/dkms.conf": ""}, "data/usr/src/hello-1.0"},
		"dkms beside a tarball":     {catalog.DKMS, files{"usr/src/x-1/dkms.conf": "", "usr/src/hello.tar": inner}, "data/usr/src/x-1"},
		"tarball beside dkms":       {catalog.ModuleAssistant, files{"usr/src/x-1/dkms.conf": "", "usr/src/hello.tar": inner}, "source/modules/hello"},
		"tarball":                   {catalog.ModuleAssistant, files{"usr/src/any.tar": inner}, "source/modules/hello"},
		"one tarball of two":        {catalog.ModuleAssistant, files{"usr/src/any.tar": "", "usr/src/hello.tar": inner}, "source/modules/hello"},
		"modules directory":         {catalog.ModuleAssistant, files{"usr/src/modules/hello/debian/rules": ""}, "data/usr/src/modules/hello"},
		"plain directory":           {catalog.DKMS, files{"usr/src/hello-1.0/Kbuild": ""}, "data/usr/src/hello-1.0"},
		"linked dkms.conf":          {catalog.DKMS, files{"usr/src/x-1/dkms.conf": "-> /usr/share/x.conf", "usr/share/x.conf": ""}, "data/usr/src/x-1"},
		"dkms.conf of another name": {catalog.DKMS, files{"usr/src/x-1/dkms.conf": "-> real.conf", "usr/src/x-1/real.conf": ""}, "data/usr/src/x-1"},
		"dkms.conf deeper":          {catalog.DKMS, files{"usr/src/hello-1.0/driver/dkms.conf": ""}, "data/usr/src/hello-1.0/driver"},
		"a directory before it":     {catalog.DKMS, files{"usr/src/hello-1.0/Makefile": "", "usr/src/hello-1.0/debian/dkms.conf": ""}, "data/usr/src/hello-1.0"},
		"flat tarball": {catalog.ModuleAssistant, files{"usr/src/hello.tar": string(tarball(t, files{"Makefile": ""}))},
			"source"},
		"tarball of one directory": {catalog.ModuleAssistant, files{"usr/src/hello.tar": string(tarball(t, files{"top/Kbuild": ""}))},
			"source/top"},
	} {
		t.Run(name, func(t *testing.T) {
			cache, tree, err := get(t, test.kind, tarball(t, test.content))
			if err != nil {
				t.Fatal(err)
			}
			place := filepath.Join(cache, "trees", tree.Package.Name.String(), "1.0-2")
			if rel, _ := filepath.Rel(place, tree.Dir); rel != test.want {
				t.Errorf("Dir = %s, want %s", rel, test.want)
			}
		})
	}
}

// TestGetBringsLinkedFilesIn: a build sees no more of a package than its source.
func TestGetBringsLinkedFilesIn(t *testing.T) {
	_, tree, err := get(t, catalog.DKMS, tarball(t, files{
		"usr/src/x-1/dkms.conf": "-> /usr/share/x/dkms.conf", "usr/share/x/dkms.conf": "conf", "usr/src/x-1/sub/x.h": "-> ../../../include/x.h", "usr/include/x.h": "header",
		"usr/src/x-1/y.h": "-> sub/z.h", "usr/src/x-1/sub/z.h": "own", "usr/src/x-1/gone.h": "-> /usr/include/gone.h", "usr/src/x-1/common": "-> ../../share/x",
	}))
	if err != nil {
		t.Fatal(err)
	}
	root, err := tree.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for name, want := range map[string]string{"dkms.conf": "conf", "sub/x.h": "header", "y.h": "own"} {
		if text, err := root.ReadFile(name); err != nil || string(text) != want {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	for name, want := range map[string]string{"y.h": "sub/z.h", "gone.h": "../../../usr/include/gone.h", "common": "../../share/x"} {
		if target, err := root.Readlink(name); err != nil || target != want {
			t.Errorf("%s leads to %q, %v", name, target, err)
		}
	}
	if err := tree.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestGetSaysWhereThereIsNoSource(t *testing.T) {
	for name, test := range map[string]struct {
		kind    catalog.Kind
		content files
	}{
		"nothing":              {catalog.DKMS, files{"usr/share/doc/hello-dkms/copyright": ""}},
		"dangling dkms.conf":   {catalog.DKMS, files{"usr/src/x-1/dkms.conf": "-> /usr/share/x.conf"}},
		"tarball of no module": {catalog.ModuleAssistant, files{"usr/src/hello.tar": string(tarball(t, files{"modules/hello/README": ""}))}},
	} {
		t.Run(name, func(t *testing.T) {
			cache, _, err := get(t, test.kind, tarball(t, test.content))
			if !errors.As(err, new(*LayoutError)) {
				t.Errorf("err = %v", err)
			}
			onlyTheDownloadIsLeft(t, cache)
		})
	}
}

// TestGetSaysWhich: of several sources none is taken by chance.
func TestGetSaysWhich(t *testing.T) {
	for _, content := range []files{
		{"usr/src/x-1/dkms.conf": "", "usr/src/y-1/dkms.conf": ""},
		{"usr/src/hello-1/dkms.conf": "", "usr/src/hello-2/dkms.conf": ""},
	} {
		cache, _, err := get(t, catalog.DKMS, tarball(t, content))
		var several *SeveralError
		if !errors.As(err, &several) || several.Package != "hello-dkms" || len(several.Dirs) != 2 || strings.Contains(err.Error(), "data/") {
			t.Errorf("err = %v", err)
		}
		onlyTheDownloadIsLeft(t, cache)
	}
}

func onlyTheDownloadIsLeft(t *testing.T, cache string) {
	t.Helper()
	if names := left(t, cache); len(names) != 1 || filepath.Ext(names[0]) != ".deb" {
		t.Errorf("left behind: %q", names)
	}
}

func TestGetRefusesHostilePackages(t *testing.T) {
	for name, data := range map[string][]byte{
		"the package": tarball(t, files{"../../../tmp/evil": "x"}),
		"the tarball in it": tarball(t, files{"usr/src/hello.tar": string(tarball(t, files{
			"modules/hello/debian/rules": "", "modules/hello/link": "-> /etc/shadow"}))}),
	} {
		t.Run(name, func(t *testing.T) {
			cache, _, err := get(t, catalog.ModuleAssistant, data)
			if !errors.As(err, new(*UnsafeError)) {
				t.Errorf("err = %v", err)
			}
			onlyTheDownloadIsLeft(t, cache)
		})
	}
}

func TestGetNoticesDamage(t *testing.T) {
	whole := tarball(t, dkmsFiles())
	inner := compressed(t, tarball(t, moduleFiles()), "xz", "-c")
	for name, data := range map[string][]byte{
		"data.tar cut":   whole[:len(whole)/2],
		"data.tar empty": nil,
		"tarball cut":    tarball(t, files{"usr/src/hello.tar.xz": string(inner[:len(inner)-20])}),
	} {
		t.Run(name, func(t *testing.T) {
			cache, _, err := get(t, catalog.ModuleAssistant, data)
			if err == nil || !strings.Contains(err.Error(), cache) {
				t.Errorf("err = %v", err)
			}
			onlyTheDownloadIsLeft(t, cache)
		})
	}
	f := &Fetcher{Cache: t.TempDir(), Run: leaves("x.deb", []byte("no package")).Run}
	if _, err := f.Get(t.Context(), catalog.Package{Name: named("xx"), Version: ofVersion("1"), SHA256: hash([]byte("no package"))}); !errors.As(err, new(*debpkg.FormatError)) {
		t.Errorf("no package at all: err = %v", err)
	}
}

// A package made and compressed by dpkg-deb, with a tarball made by tar and xz.
func TestGetOpensWhatDpkgDebBuilds(t *testing.T) {
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		t.Skip("no dpkg-deb")
	}
	top := t.TempDir()
	write(t, filepath.Join(top, "DEBIAN/control"), []byte("Package: hello-source\nVersion: 1:1.0-2\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: x\n"))
	write(t, filepath.Join(top, "usr/src/hello.tar.xz"), compressed(t, tarball(t, moduleFiles()), "xz", "-c"))
	write(t, filepath.Join(top, "usr/share/doc/hello-source/changelog.gz"), []byte(gzipped(changelogText)))
	file := filepath.Join(t.TempDir(), "x.deb")
	if out, err := exec.Command("dpkg-deb", "--root-owner-group", "-b", top, file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pkg := helloSource(data)
	pkg.Version = ofVersion("1:1.0-2")
	f := &Fetcher{Cache: t.TempDir(), Run: leaves("x.deb", data).Run}
	tree, err := f.Get(t.Context(), pkg)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(f.Cache, "trees/hello-source/1%3a1.0-2/source/modules/hello"); tree.Dir != want {
		t.Errorf("Dir = %s, want %s", tree.Dir, want)
	}
	if filepath.Base(tree.Changelog) != "changelog.gz" || tree.ModTime.Year() != 2023 || filepath.Base(tree.Archive) != "hello-source_1%3a1.0-2_all.deb" {
		t.Errorf("%+v", tree)
	}
}
