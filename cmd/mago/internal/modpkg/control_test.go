package modpkg

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mago/catalog"
	"mago/debpkg"
	"mago/debpkg/word"
	"mago/kbuild"
	"mago/kbuild/kernel"
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
	}
}

const zfsControl = `Package: zfs-modules-6.12.9-amd64
Source: zfs-linux (1:2.1.11-1+deb12u1)
Version: 1:2.1.11-1+deb12u1+6.12.9-1
Architecture: amd64
Maintainer: A Person <person@example.org>
Depends: libc6, zfs-firmware (>= 2) | zfs-blobs
Recommends: linux-image-6.12.9-amd64, zfs-zed, zfsutils-linux (>= 2.1.11-1)
Provides: zfs-modules (= 2.1.11), spl-dkms, zfs-api (= 2)
Section: kernel
Priority: optional
Homepage: https://example.org/zfs
Description: zfs kernel modules for Linux 6.12.9-amd64
 These modules are for Linux 6.12.9-amd64, version 6.12.9-1: icp, spl, zavl,
 zcommon, zfs, zlua, znvpair, zunicode, zzstd.
 .
 Built by mago from zfs-dkms 1:2.1.11-1+deb12u1. The modules are not signed:
 a kernel that asks for signatures, as under Secure Boot, does not load
 them.
`

const localControl = `Package: hello-modules-6.5.0-custom
Version: 1.0+6.5.0.custom
Architecture: arm64
Maintainer: Local Administrator <nobody@mago.invalid>
Recommends: linux-image-6.5.0-custom
Provides: hello-modules
Section: kernel
Priority: optional
Description: hello kernel modules for Linux 6.5.0_custom
 These modules are for Linux 6.5.0_custom, version 6.5.0_custom: hello.
 .
 Built by mago from a local directory, version 1.0, that came from no
 archive and has the SHA-256 0123. The modules are not signed: a kernel that
 asks for signatures, as under Secure Boot, does not load them.
`

func TestControl(t *testing.T) {
	local := Unit{
		Module: "hello", Version: "1.0", SHA256: "0123", Tree: &sources.Tree{Origin: sources.Directory},
		Settings: Settings{Maintainer: "Local Administrator <nobody@mago.invalid>", Date: dated, Architecture: "arm64"},
		Kernel:   kernel.Kernel{Release: "6.5.0_custom", Version: "6.5.0_custom", ModulesDir: "/lib/modules/6.5.0_custom"},
	}
	for _, c := range []struct {
		u       Unit
		modules []kbuild.Module
		want    string
	}{
		{zfs(), modulesNamed("icp spl zavl zcommon zfs zlua znvpair zunicode zzstd"), zfsControl},
		{local, modulesNamed("hello"), localControl},
	} {
		control := c.u.control(&kbuild.Result{Modules: c.modules})
		if got := controlText(control); got != c.want {
			t.Errorf("got\n%s\nwant\n%s", got, c.want)
		}
		if _, err := debpkg.Write(t.TempDir(), &debpkg.Package{Control: control}, debpkg.Options{}); err != nil {
			t.Error(err)
		}
	}
}

func TestOrigin(t *testing.T) {
	u := zfs()
	for _, c := range []struct {
		origin          sources.Origin
		unauthenticated bool
		edited          bool
		want            string
	}{
		{sources.Archive, false, false, "zfs-dkms 1:2.1.11-1+deb12u1"},
		{sources.Archive, true, false, "zfs-dkms 1:2.1.11-1+deb12u1, out of an archive without a checked signature"},
		{sources.Archive, true, true, "zfs-dkms 1:2.1.11-1+deb12u1, as it lay opened and maybe edited in mago's cache"},
		{sources.Host, true, false, "zfs-dkms 1:2.1.11-1+deb12u1, as it lay in /usr/src"},
	} {
		u.Tree.Origin, u.Unauthenticated, u.Edited = c.origin, c.unauthenticated, c.edited
		if got := u.origin(); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
	u.Package, u.Tree, u.SHA256, u.Version = nil, &sources.Tree{Origin: sources.Tarball}, "4567", "1.0"
	if got, want := u.origin(), "a local tarball, version 1.0, that came from no archive and has the SHA-256 4567"; got != want {
		t.Errorf("got %s", got)
	}
}

func modulesNamed(names string) []kbuild.Module {
	var modules []kbuild.Module
	for name := range strings.FieldsSeq(names) {
		modules = append(modules, kbuild.Module{Name: name})
	}
	return modules
}

// controlText is a control paragraph as debpkg writes it.
func controlText(fields []debpkg.Field) string {
	var text strings.Builder
	for _, f := range fields {
		if f.Value != "" {
			value := strings.ReplaceAll(strings.ReplaceAll(f.Value, "\n\n", "\n.\n"), "\n", "\n ")
			fmt.Fprintf(&text, "%s: %s\n", f.Name, value)
		}
	}
	return text.String()
}

// What Compose gives has to pass debpkg's checks, which are dpkg's.
func TestComposedIsWritable(t *testing.T) {
	u := zfs()
	packages, err := Compose(u, &kbuild.Result{})
	if err != nil {
		t.Fatal(err)
	}
	path, err := debpkg.Write(t.TempDir(), packages.Modules, debpkg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := filepath.Base(path), "zfs-modules-6.12.9-amd64_2.1.11-1+deb12u1+6.12.9-1_amd64.deb"; got != want {
		t.Errorf("written to %s, want %s", got, want)
	}
}
