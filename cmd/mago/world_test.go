package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/blakesmith/ar"
)

// The kernels of a script's world.
const (
	runningKernel = "6.1.0-9-amd64"  // with headers
	newKernel     = "6.1.0-10-amd64" // headers in apt, nothing here
	oldKernel     = "5.10.0-1-amd64" // modules here, headers nowhere
)

// world is the machine of one script: a root, and the archive that its apt serves.
type world struct{ root, archive string }

func newWorld(dir string) *world {
	return &world{root: filepath.Join(dir, "root"), archive: filepath.Join(dir, "archive")}
}

// dated is when everything in the archive was made.
var dated = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

const statusFormat = "Package: %s\nStatus: install ok installed\nMaintainer: A Person <person@example.org>\n" +
	"Architecture: amd64\nVersion: %s\nDescription: test\n\n"

func (w *world) furnish() error {
	uid := os.Geteuid()
	if uid == 0 {
		uid = 990
	}
	for name, text := range map[string]string{
		"etc/passwd":                                        fmt.Sprintf("root:x:0:0::/root:/bin/sh\nmago-build:x:%d:%[1]d::/nonexistent:/usr/sbin/nologin\n", uid),
		"etc/apt/sources.list":                              "deb http://example.org/debian stable main\n",
		"proc/sys/kernel/osrelease":                         runningKernel + "\n",
		"sys/firmware/acpi/pm_profile":                      "1\n", // no UEFI
		"sys/module/module/parameters/sig_enforce":          "N\n",
		"var/lib/dpkg/status":                               fmt.Sprintf(statusFormat, "dpkg", "1.21.22"),
		"lib/modules/" + runningKernel + "/modules.builtin": "",
		"lib/modules/" + oldKernel + "/modules.builtin":     "",
		w.list(): "",
		strings.Replace(w.list(), "main_binary-amd64_Packages", "InRelease", 1): "Suite: stable\n",
	} {
		if err := w.write(name, text, 0o644); err != nil {
			return err
		}
	}
	for _, tool := range []string{"gcc-12", "make", "strip"} {
		if err := w.write("usr/bin/"+tool, "", 0o755); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(w.archive, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(w.archive, "kernels"), []byte(runningKernel+"\n"+newKernel+"\n"), 0o644); err != nil {
		return err
	}
	if err := w.addHeaders(runningKernel); err != nil {
		return err
	}
	return w.addPackage("hello-dkms", "1.0-1", map[string]string{
		"usr/src/hello-1.0/dkms.conf":        "PACKAGE_NAME=hello\nPACKAGE_VERSION=1.0\nBUILT_MODULE_NAME[0]=hello\n",
		"usr/src/hello-1.0/hello.c":          "int hello;\n",
		"usr/share/doc/hello-dkms/copyright": "Copyright 2024 A Person, GPL-2\n",
	}, nil)
}

func (w *world) list() string {
	return "var/lib/apt/lists/example.org_debian_dists_stable_main_binary-amd64_Packages"
}

func (w *world) write(name, text string, mode fs.FileMode) error {
	path := filepath.Join(w.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), mode)
}

func (w *world) add(name, text string) error {
	old, err := os.ReadFile(filepath.Join(w.root, name))
	if err != nil {
		return err
	}
	return w.write(name, string(old)+text, 0o644)
}

// addHeaders does what installing linux-headers-* does.
func (w *world) addHeaders(release string) error {
	dir := "usr/src/linux-headers-" + release
	for name, text := range headerFiles(release) {
		if err := w.write(filepath.Join(dir, name), text, 0o755); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Join(w.root, "lib/modules", release), 0o755); err != nil {
		return err
	}
	if err := os.Symlink("/"+dir, filepath.Join(w.root, "lib/modules", release, "build")); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	if err := w.write("var/lib/dpkg/info/linux-headers-"+release+".md5sums", "", 0o644); err != nil {
		return err
	}
	return w.add("var/lib/dpkg/status", fmt.Sprintf(statusFormat, "linux-headers-"+release, "6.1.27-1"))
}

// headerFiles are what a kernel's build directory holds.
func headerFiles(release string) map[string]string {
	return map[string]string{
		"Makefile": "", "Module.symvers": "0x1\tprintk\tvmlinux\tEXPORT_SYMBOL\t\n", "scripts/Makefile.build": "", "scripts/mod/modpost": "",
		"include/generated/autoconf.h": "", "include/config/auto.conf": "", ".kernelvariables": "CC = $(CROSS_COMPILE)gcc-12\n",
		".config":                        "CONFIG_X86_64=y\nCONFIG_SMP=y\nCONFIG_PREEMPTION=y\nCONFIG_MODULE_UNLOAD=y\nCONFIG_MODVERSIONS=y\nCONFIG_CC_VERSION_TEXT=\"gcc-12 (Debian 12.2.0-14) 12.2.0\"\n",
		"include/generated/utsrelease.h": fmt.Sprintf("#define UTS_RELEASE %q\n", release),
	}
}

// offerHeaders puts the packages of a kernel's headers into the archive: its own and the programs that kernels share.
func (w *world) offerHeaders(release, version string) error {
	own := map[string]string{"lib/modules/" + release + "/build": "-> /usr/src/linux-headers-" + release}
	programs := map[string]string{"usr/lib/linux-kbuild-6.1": "-> ../src/linux-kbuild-6.1"}
	for name, text := range headerFiles(release) {
		if strings.HasPrefix(name, "scripts/") {
			programs["usr/src/linux-kbuild-6.1/"+name] = text
		} else {
			own["usr/src/linux-headers-"+release+"/"+name] = text
		}
	}
	own["usr/src/linux-headers-"+release+"/scripts"] = "-> ../../lib/linux-kbuild-6.1/scripts"
	err := w.addPackage("linux-headers-"+release, version, own, nil, "Depends: linux-kbuild-6.1 (>= 6.1.27-1), linux-compiler-gcc-12-x86, linux-image-"+release)
	if _, missing := os.Stat(filepath.Join(w.archive, "linux-kbuild-6.1_6.1.27-1_all.deb")); err == nil && missing != nil {
		err = w.addPackage("linux-kbuild-6.1", "6.1.27-1", programs, nil, "Depends: dpkg")
	}
	return err
}

// addPackage puts a source package into the archive and into apt's list. damage, if any, changes the finished file.
func (w *world) addPackage(name, version string, content map[string]string, damage func([]byte) []byte, fields ...string) error {
	paragraph := fmt.Sprintf("Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: A Person <person@example.org>\n", name, version)
	if len(fields) == 0 {
		fields = []string{"Depends: dkms"}
	}
	paragraph += strings.Join(fields, "\n") + "\n"
	if !strings.Contains(paragraph, "\nDescription: ") {
		paragraph += "Description: the " + strings.TrimSuffix(name, "-dkms") + " module\n"
	}
	deb, err := debOf(map[string]string{"./control": paragraph}, tarOf(content))
	if err != nil {
		return err
	}
	if damage != nil {
		deb = damage(deb)
	}
	file := strings.ReplaceAll(name+"_"+version, ":", "%3a") + "_all.deb"
	if err := os.WriteFile(filepath.Join(w.archive, file), deb, 0o644); err != nil {
		return err
	}
	sum := sha256.Sum256(deb)
	return w.add(w.list(), fmt.Sprintf("%sFilename: pool/%s\nSize: %d\nSHA256: %s\n\n", paragraph, file, len(deb), hex.EncodeToString(sum[:])))
}

// debOf makes a .deb by hand, as deb(5) has it, so that its data may be anything.
func debOf(control map[string]string, data []byte) ([]byte, error) {
	var buf bytes.Buffer
	w := ar.NewWriter(&buf)
	if err := w.WriteGlobalHeader(); err != nil {
		return nil, err
	}
	for _, member := range []struct {
		name string
		data []byte
	}{{"debian-binary", []byte("2.0\n")}, {"control.tar", tarOf(control)}, {"data.tar", data}} {
		if err := w.WriteHeader(&ar.Header{Name: member.name, ModTime: dated, Mode: 0o100644, Size: int64(len(member.data))}); err != nil {
			return nil, err
		}
		if _, err := w.Write(member.data); err != nil {
			return nil, err
		}
	}
	return buf.Bytes(), nil
}

// tarOf maps the names of a tarball's files to their content; "-> target" is a symbolic link, "device" one of those.
func tarOf(content map[string]string) []byte {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for name, text := range content {
		h := &tar.Header{Name: name, Mode: 0o755, ModTime: dated, Typeflag: tar.TypeReg}
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			h.Typeflag, h.Linkname, text = tar.TypeSymlink, target, ""
		} else if text == "device" {
			h.Typeflag, h.Devmajor, h.Devminor, text = tar.TypeBlock, 8, 0, ""
		}
		h.Size = int64(len(text))
		if err := w.WriteHeader(h); err != nil {
			panic(err)
		}
		io.WriteString(w, text)
	}
	w.Close()
	return buf.Bytes()
}

// moduleFile is the least that is a kernel module: a relocatable ELF object with a .modinfo section.
func moduleFile(release string, versions []byte) []byte {
	modinfo := "license=GPL\x00vermagic=" + release + " SMP preempt mod_unload modversions \x00"
	sections := []struct {
		name string
		kind uint32
		data []byte
	}{{"", 0, nil}, {".modinfo", 1, []byte(modinfo)}, {"__versions", 1, versions}, {".shstrtab", 3, []byte("\x00.modinfo\x00__versions\x00.shstrtab\x00")}}
	const header, entry = 64, 64
	var content, headers, buf bytes.Buffer
	put := func(to io.Writer, values ...any) {
		for _, v := range values {
			_ = binary.Write(to, binary.LittleEndian, v)
		}
	}
	for _, s := range sections {
		name := bytes.Index(sections[len(sections)-1].data, []byte("\x00"+s.name+"\x00")) + 1
		if s.name == "" {
			name = 0
		}
		put(&headers, uint32(name), s.kind, uint64(2), uint64(0), uint64(header+content.Len()), uint64(len(s.data)), uint64(0), uint64(1), uint64(0))
		content.Write(s.data)
	}
	put(&buf, []byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"), uint16(1), uint16(62), uint32(1), uint64(0), uint64(0),
		uint64(header+content.Len()), uint32(0), uint16(header), uint16(0), uint16(0), uint16(entry), uint16(len(sections)), uint16(len(sections)-1))
	put(&buf, content.Bytes(), headers.Bytes())
	return buf.Bytes()
}

// versionsOf is the section __versions of a module that uses all that a kernel exports, nil where that does not say module_layout.
func versionsOf(symvers string) (records []byte) {
	if !strings.Contains(symvers, "\tmodule_layout\t") {
		return nil
	}
	for line := range strings.Lines(symvers) {
		columns := strings.Split(line, "\t")
		crc, _ := strconv.ParseUint(strings.TrimPrefix(columns[0], "0x"), 16, 32)
		records = binary.LittleEndian.AppendUint64(records, crc)
		records = append(records, columns[1]+strings.Repeat("\x00", 56-len(columns[1]))...)
	}
	return records
}
