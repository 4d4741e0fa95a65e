package hostile

import (
	"os"
	"path/filepath"
	"strings"
)

// Package is a source whose debian/rules makes a package that takes more of a system than a module's may.
type Package struct {
	Name   string
	Fields string // of the package's control paragraph
	Files  string // shell that makes its files, in the directory that stands for /; $K is the kernel
}

// Found is a file that has to be on the system, of no package.
const Found = "/usr/lib/firmware/found.bin"

// Packages are all of them. None may be installed.
var Packages = []Package{
	{Name: "cron", Files: "put etc/cron.d/thief"},
	{Name: "keys", Files: "put root/.ssh/authorized_keys"},
	{Name: "boot", Files: "put boot/grub/grub.cfg; put boot/initrd.img-$K"},
	{Name: "local", Files: "put usr/local/sbin/depmod"},
	{Name: "generator", Files: "put lib/systemd/system-generators/thief"},
	{Name: "database", Files: "put var/lib/dpkg/info/dpkg.postrm"},
	{Name: "replaces", Fields: "Replaces: linux-headers-$K\n", Files: "put usr/src/linux-headers-$K/Makefile"},
	{Name: "link", Files: "mkdir -p usr/share; ln -s ../../etc/cron.d usr/share/thief"},
	{Name: "below a link", Files: "mkdir -p usr/share usr/lib; ln -s /usr/lib/systemd/system usr/share/thief; put usr/share/thief-$K/x; put lib/thief/x; ln -s ../share usr/lib/thief"},
	{Name: "soname", Files: "for z in /lib/*-linux-gnu/libz.so.1; do mkdir -p usr${z%/*}; cp $z usr${z%/*}/libthief.so.99; done"},
	{Name: "hwcaps", Files: "for z in /lib/*-linux-gnu/libz.so.1; do mkdir -p usr${z%/*}/glibc-hwcaps/x86-64-v2; cp $z usr${z%/*}/glibc-hwcaps/x86-64-v2; done"},
	{Name: "stand-in", Files: "put usr/bin/depmod"},
	{Name: "another's", Fields: "Replaces: kmod\n", Files: "put usr/sbin/depmod"},
	{Name: "found", Files: "put lib/firmware/found.bin"},
	{Name: "masked", Files: "mkdir -p etc/udev/rules.d; ln -s /dev/null etc/udev/rules.d/60-thief.rules"},
	{Name: "pipe", Files: "mkdir -p usr/share/thief; mkfifo usr/share/thief/p"},
	{Name: "setuid", Files: "put usr/bin/thief; chmod 4755 usr/bin/thief"},
	{Name: "escape", Files: `put "usr/share/thief/$(printf '\033[2J')"`},
	{Name: "apt", Files: "put usr/share/apt/x; put usr/lib/apt/methods/http2"},
}

// packing makes the package; the module is one that was built before, under a name that nobody takes for a build's rest.
const packing = `set -e
K=$1
put() { mkdir -p "${1%/*}"; echo thief >"$1"; }
rm -rf debian/t
mkdir -p debian/t/DEBIAN "debian/t/lib/modules/$K"
cp prebuilt "debian/t/lib/modules/$K/MODULE"
cat >debian/t/DEBIAN/control <<END
Package: thief-modules-$K
Version: 1
Architecture: all
Maintainer: A Person <person@example.org>
FIELDSDescription: thief
END
cd debian/t
FILES
cd ../..
dpkg-deb -Znone -b debian/t "$2/thief.deb"
`

// WritePackage makes the source of a package in a new directory, with a module's file.
func WritePackage(dir string, p Package, module string) error {
	text, err := os.ReadFile(module)
	if err != nil {
		return err
	}
	pack := strings.NewReplacer("FIELDS", p.Fields, "FILES", p.Files, "MODULE", filepath.Base(module)).Replace(packing)
	files := map[string]string{"prebuilt": string(text), "debian/pack.sh": pack}
	files["debian/rules"] = "#!/usr/bin/make -f\n-include $(MA_DIR)/include/generic.make\n-include $(MA_DIR)/include/common-rules.make\nkdist_clean kdist_config:\nbinary-modules kdist_image:\n\tsh debian/pack.sh $(KVERS) $(KPKG_DEST_DIR)\n"
	files["debian/control"] = "Source: thief\nSection: kernel\nPriority: optional\nMaintainer: A Person <person@example.org>\n\nPackage: thief-modules-_KVERS_\nArchitecture: any\nDescription: thief\n"
	files["debian/changelog"] = "thief (1.0-1) unstable; urgency=low\n\n  * First.\n\n -- A Person <person@example.org>  Mon, 06 May 2024 07:08:09 +0000\n"
	return writeAll(dir, files)
}
