package modpkg

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mago/catalog"
	"mago/debpkg"
	"mago/kbuild"
	"mago/kbuild/kernel"
	"mago/sources"
)

var update = flag.Bool("update", false, "write the golden files anew")

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
	result.Package = &kbuild.RulesPackage{Control: control}
	laidOut(t, dir, paths...)
	for _, path := range paths {
		result.Package.Files = append(result.Package.Files, kbuild.StagedFile{Path: path, File: filepath.Join(dir, path), Mode: 0o644})
	}
}

// The golden files have the control paragraphs of a unit's packages, and the files that these hold.
func TestGolden(t *testing.T) {
	for name, unit := range map[string]func(*testing.T) (Unit, *kbuild.Result){
		"dkms": zfsWithFiles, "local": hello, "rules": rules, "unvouched-rules": unvouchedRules, "unauthenticated": unauthenticated,
	} {
		t.Run(name, func(t *testing.T) {
			packages, err := Compose(unit(t))
			if err != nil {
				t.Fatal(err)
			}
			got := described(t, packages)
			golden := filepath.Join("testdata", name)
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want, err := os.ReadFile(golden); err != nil || got != string(want) {
				t.Errorf("got\n%s\nwant\n%s%v", got, want, err)
			}
		})
	}
}

// described tells of packages what dpkg would; each of them can be written.
func described(t *testing.T, packages Packages) string {
	var text strings.Builder
	for _, p := range []*debpkg.Package{packages.Modules, packages.Common} {
		if p == nil {
			continue
		}
		if _, err := debpkg.Write(t.TempDir(), p, debpkg.Options{}); err != nil {
			t.Error(err)
		}
		text.WriteString(controlText(p.Control))
		for _, f := range p.Files {
			note := ""
			if slices.Contains(p.Conffiles, f.Path) {
				note = " (conffile)"
			}
			fmt.Fprintf(&text, "%s%s\n", f.Path, note)
		}
		for _, trigger := range p.Triggers {
			fmt.Fprintln(&text, trigger)
		}
		fmt.Fprintln(&text)
	}
	for _, relations := range packages.LeftOut {
		fmt.Fprintln(&text, "left out:", relations)
	}
	return text.String()
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
	result := built(t, u, "zfs", "icp")
	result.Uses = []string{"spl"}
	return u, result
}

// hello is a local directory that brings its modules alone.
func hello(t *testing.T) (Unit, *kbuild.Result) {
	u := Unit{
		Module: "hello", Version: "1.0", SHA256: "0123", Tree: &sources.Tree{Origin: sources.Directory},
		Settings: Settings{Maintainer: "Local Administrator <nobody@mago.invalid>", Date: dated, Architecture: "arm64"},
		Kernel:   kernel.Kernel{Release: "6.5.0_custom", Version: "6.5.0_custom", ModulesDir: "/lib/modules/6.5.0_custom"},
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
