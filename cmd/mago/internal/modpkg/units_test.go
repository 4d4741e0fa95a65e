package modpkg

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"mago/catalog"
	"mago/debpkg/word"
	"mago/kbuild"
	"mago/kbuild/kernel"
	"mago/kbuild/recipe"
	"mago/sources"
)

// dated is the day of the sources.
var dated = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

func named(text string) word.Package     { return word.Must(word.ParsePackage(text)) }
func versioned(text string) word.Version { return word.Must(word.ParseVersion(text)) }

// zfs is a unit as large as they come: an epoch, relations of both kinds, a module directory below /usr.
func zfs() Unit {
	pkg := &catalog.Package{
		Name: named("zfs-dkms"), Kind: catalog.DKMS, Version: versioned("1:2.1.11-1+deb12u1"), Source: named("zfs-linux"), Architecture: word.Must(word.ParseArchitecture("all")),
		Maintainer: "A Person <person@example.org>", Homepage: "https://example.org/zfs",
		Description: "OpenZFS filesystem kernel modules for Linux",
		PreDepends:  "libc6", Depends: "dkms (>> 2.1.1.2-5), file, zfs-firmware (>= 2) | zfs-blobs",
		Recommends: "zfs-zed, zfsutils-linux (>= 2.1.11-1)", Provides: "zfs-modules (= 2.1.11), spl-dkms, zfs-api (= 2)",
	}
	return Unit{
		Module: "zfs", Package: pkg, Version: pkg.Version.String(), SHA256: "89ab", Tree: &sources.Tree{}, Vouched: true,
		Settings: Settings{Maintainer: pkg.Maintainer, Date: dated, Architecture: "amd64"},
		Kernel:   kernel.Kernel{Release: "6.12.9-amd64", Version: "6.12.9-1", ModulesDir: "/usr/lib/modules/6.12.9-amd64"},
		Image:    "linux-image-6.12.9-amd64",
	}
}

// zfsWithFiles needs other modules, and brings files, of which some are conffiles and some for the initramfs.
func zfsWithFiles(t *testing.T) (Unit, *kbuild.Result) {
	u := zfs()
	u.Tree.Origin = sources.Archive
	u.Tree.Runtime = sources.Runtime{
		Root: t.TempDir(), Paths: []string{"/etc/modprobe.d/zfs.conf", "/usr/share/initramfs-tools/hooks/zfs"},
		Docs: []string{"/usr/share/doc/zfs-dkms/NEWS.Debian.gz"},
	}
	laidOut(t, u.Tree.Runtime.Root, slices.Concat(u.Tree.Runtime.Paths, u.Tree.Runtime.Docs)...)
	u.Needed = []Needed{{"spl", true}, {"crypto", true}, {"sourceonly", false}}
	p := *u.Package
	p.Conflicts, p.Breaks, p.Replaces = "zfs-modules, old-zfs", "spl-dkms (<< 2), zfsutils (<< 1)", "spl-dkms"
	u.Package = &p
	result := built(t, u, "icp", "spl", "zavl", "zcommon", "zfs", "zlua", "znvpair", "zunicode", "zzstd")
	result.Uses = []string{"spl"}
	return u, result
}

// hello is a local directory that brings its modules alone.
func hello(t *testing.T) (Unit, *kbuild.Result) {
	u := Unit{
		Module: "hello", Version: "1.0", SHA256: "0123", Tree: &sources.Tree{Origin: sources.Directory},
		Settings: Settings{Maintainer: "Local Administrator <nobody@mago.invalid>", Date: dated, Architecture: "arm64"},
		Kernel:   kernel.Kernel{Release: "6.5.0_custom", Version: "6.5.0_custom", ModulesDir: "/lib/modules/6.5.0_custom"},
		Image:    "linux-image-6.5.0-custom",
	}
	return u, built(t, u, "hello")
}

// rules is a module-assistant package whose debian/rules makes a package with relations and files of its own.
func rules(t *testing.T) (Unit, *kbuild.Result) {
	u := zfs()
	p := *u.Package
	p.Name, p.Kind, p.Depends, p.Conflicts = named("zfs-source"), catalog.ModuleAssistant, "module-assistant, debhelper", "not-taken-of-a-source"
	u.Package = &p
	result := built(t, u, "zfs")
	shippedBy(t, result, map[string]string{
		"Package": "zfs-kernel-6.12.9-amd64", "Depends": "linux-image-6.12.9-amd64, zfs-utils, linux-headers-6.12.9-amd64", "Recommends": "zfs-zed",
		"Suggests": "zfs-doc", "Provides": "zfs-kernel", "Conflicts": "zfs-kernel, zfs-old", "Replaces": "zfs-old", "Enhances": "zfs-utils",
	}, "/etc/zfs/6.12.9-amd64.conf", "/etc/zfs/all.conf", "/usr/share/zfs/help")
	return u, result
}

// unvouchedRules is the same of a local directory, on a machine that has packages which are called after the module.
func unvouchedRules(t *testing.T) (Unit, *kbuild.Result) {
	u, result := rules(t)
	u.Package, u.Vouched, u.Tree = nil, false, &sources.Tree{Origin: sources.Directory}
	u.Installed = []string{"zfs-utils", "libc6"}
	result.Package.Control["Package"] = "bash"
	result.Package.Control["Provides"] = "zfs-kernel, mail-transport-agent"
	result.Package.Control["Replaces"] = "ZFS-utils, zfs-modules-6.1, zfs-gone, libc6"
	return u, result
}

// unauthenticated is a -dkms package that no signature covers.
func unauthenticated(t *testing.T) (Unit, *kbuild.Result) {
	u, result := zfsWithFiles(t)
	u.Unauthenticated, u.Vouched, u.Unchecked = true, false, []string{"zfs-dkms 1:2.1.11-1+deb12u1", "gcc-12 12.2.0-14"}
	return u, result
}

// localDeb is the same of a .deb that the user named.
func localDeb(t *testing.T) (Unit, *kbuild.Result) {
	u, result := unauthenticated(t)
	u.Tree.Origin, u.SHA256, u.Unchecked = sources.Tarball, "0123", nil
	return u, result
}

// laidOut puts files below a directory; it gives their paths.
func laidOut(t *testing.T, dir string, names ...string) (paths []string) {
	t.Helper()
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// built is a result with modules of these names.
func built(t *testing.T, u Unit, names ...string) *kbuild.Result {
	var result kbuild.Result
	for _, name := range names {
		file := laidOut(t, t.TempDir(), name+".ko")[0]
		result.Modules = append(result.Modules, kbuild.Module{Name: name, Path: filepath.Join(u.Kernel.ModulesDir, kbuild.Subdirectory, name+".ko"), File: file})
	}
	return &result
}

// shippedBy adds what a debian/rules' package says, and files that it holds.
func shippedBy(t *testing.T, result *kbuild.Result, control map[string]string, paths ...string) {
	dir := t.TempDir()
	result.Package = &recipe.Package{Control: control}
	laidOut(t, dir, paths...)
	for _, path := range paths {
		result.Package.Files = append(result.Package.Files, recipe.StagedFile{Path: path, File: filepath.Join(dir, path), Mode: 0o644})
	}
}
