package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mago/catalog"
	"mago/debpkg"
	"mago/debpkg/word"
	"mago/kbuild"
	"mago/sources"
)

func named(text string) word.Package     { return word.Must(word.ParsePackage(text)) }
func versioned(text string) word.Version { return word.Must(word.ParseVersion(text)) }

// zfs is a unit as large as they come: an epoch, relations of both kinds, a module directory below /usr.
func zfs() unit {
	pkg := &catalog.Package{
		Name: named("zfs-dkms"), Kind: catalog.DKMS, Version: versioned("1:2.1.11-1+deb12u1"), Source: named("zfs-linux"),
		Maintainer: "A Person <person@example.org>", Homepage: "https://example.org/zfs",
		Description: "OpenZFS filesystem kernel modules for Linux",
		PreDepends:  "libc6", Depends: "dkms (>> 2.1.1.2-5), file, zfs-firmware (>= 2) | zfs-blobs",
		Recommends: "zfs-zed, zfsutils-linux (>= 2.1.11-1)", Provides: "zfs-modules (= 2.1.11), spl-dkms, zfs-api (= 2)",
	}
	return unit{
		target: target{name: "zfs", pkg: pkg, version: pkg.Version.String(), tree: &sources.Tree{ModTime: dated}},
		kernel: kbuild.Kernel{Release: "6.12.9-amd64", Version: "6.12.9-1", ModulesDir: "/usr/lib/modules/6.12.9-amd64"},
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
	clearMaintainer(t)
	local := unit{
		target: target{name: "hello", version: "1.0", digest: "0123", tree: &sources.Tree{Origin: sources.Directory, ModTime: dated}},
		kernel: kbuild.Kernel{Release: "6.5.0_custom", Version: "6.5.0_custom", ModulesDir: "/lib/modules/6.5.0_custom"},
	}
	for _, c := range []struct {
		u       unit
		arch    string
		modules []kbuild.Module
		want    string
	}{
		{zfs(), "amd64", modulesNamed("icp spl zavl zcommon zfs zlua znvpair zunicode zzstd"), zfsControl},
		{local, "arm64", modulesNamed("hello"), localControl},
	} {
		control := c.u.control(c.arch, maintainer(c.u), &kbuild.Result{Modules: c.modules})
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
	u.tree.Origin = sources.Archive
	pkg := *u.pkg
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
		pkg.Unauthenticated = c.unauthenticated
		u.pkg, u.tree.Origin, u.edited = &pkg, c.origin, c.edited
		if got := u.origin(); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
	u.pkg, u.tree, u.version = nil, &sources.Tree{Origin: sources.Tarball, SHA256: "4567"}, "1.0"
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

// Whatever control gives has to pass debpkg's checks, which are dpkg's.
func TestControlIsWritable(t *testing.T) {
	u := zfs()
	docs, err := u.docs(u.packageName(), u.entry(dated))
	if err != nil {
		t.Fatal(err)
	}
	p := &debpkg.Package{Control: u.control("amd64", maintainer(u), &kbuild.Result{}), Scripts: u.scripts(nil), Files: docs, ModTime: dated}
	path, err := debpkg.Write(t.TempDir(), p, debpkg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := filepath.Base(path), "zfs-modules-6.12.9-amd64_2.1.11-1+deb12u1+6.12.9-1_amd64.deb"; got != want {
		t.Errorf("written to %s, want %s", got, want)
	}
}

func clearMaintainer(t *testing.T) {
	for _, name := range []string{"KMAINT", "KEMAIL", "DEBFULLNAME", "DEBEMAIL"} {
		t.Setenv(name, "")
	}
}

func TestMaintainer(t *testing.T) {
	clearMaintainer(t)
	for _, c := range []struct{ env, want string }{
		{"", "A Person <person@example.org>"},
		{"KMAINT=Me", "A Person <person@example.org>"}, // half a name is none
		{"DEBFULLNAME=Me DEBEMAIL=me@x", "Me <me@x>"},
		{"KMAINT=K KEMAIL=k@x DEBFULLNAME=Me DEBEMAIL=me@x", "K <k@x>"},
	} {
		t.Run(c.env, func(t *testing.T) {
			for assignment := range strings.FieldsSeq(c.env) {
				name, value, _ := strings.Cut(assignment, "=")
				t.Setenv(name, value)
			}
			if got := maintainer(zfs()); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestScripts(t *testing.T) {
	const format = `#!/bin/sh
set -e
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH

if [ "$1" = %s ] && [ -e /usr/lib/modules/6.12.9-amd64/modules.builtin ] && [ -x /sbin/depmod ]; then
	/sbin/depmod 6.12.9-amd64%s
fi
`
	const goesOn = ` || echo "warning: depmod failed (exit status $?)" >&2`
	scripts := zfs().scripts(nil)
	want := map[string]string{"postinst": fmt.Sprintf(format, "configure", ""), "postrm": fmt.Sprintf(format, "remove", goesOn)}
	if len(scripts) != len(want) {
		t.Errorf("%d scripts", len(scripts))
	}
	for name, text := range want {
		if scripts[name] != text {
			t.Errorf("%s:\n%s\nwant\n%s", name, scripts[name], text)
		}
		checkShell(t, name, scripts[name])
	}
}

// checkShell has the shell read a script, and shellcheck too where it is installed.
func checkShell(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	checks := [][]string{{"sh", "-n", path}}
	if _, err := exec.LookPath("shellcheck"); err == nil {
		checks = append(checks, []string{"shellcheck", path})
	}
	for _, check := range checks {
		if out, err := exec.Command(check[0], check[1:]...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", check[0], err, out)
		}
	}
}

// A script runs depmod when the package comes or goes, and only where there is a kernel to run it for: the system's own,
// whatever is called so in the caller's PATH.
func TestScriptsRun(t *testing.T) {
	u := zfs()
	u.kernel.ModulesDir = t.TempDir()
	bin, other := t.TempDir(), t.TempDir()
	for dir, says := range map[string]string{bin: "depmod", other: "another depmod"} {
		if err := os.WriteFile(filepath.Join(dir, "depmod"), []byte("#!/bin/sh\necho "+says+" \"$@\"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	run := func(name, action string) string {
		cmd := exec.Command("sh", "-c", strings.ReplaceAll(u.scripts(nil)[name], "/sbin/depmod", filepath.Join(bin, "depmod")), name, action)
		cmd.Env = []string{"PATH=" + other + ":/usr/bin:/bin"}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s %s: %v", name, action, err)
		}
		return strings.TrimSpace(string(out))
	}
	if got := run("postinst", "configure"); got != "" {
		t.Errorf("without the kernel: %s", got)
	}
	if err := os.WriteFile(filepath.Join(u.kernel.ModulesDir, "modules.builtin"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, action, want string }{
		{"postinst", "configure", "depmod 6.12.9-amd64"}, {"postinst", "triggered", ""}, {"postinst", "abort-upgrade", ""},
		{"postrm", "remove", "depmod 6.12.9-amd64"}, {"postrm", "upgrade", ""}, {"postrm", "purge", ""},
	} {
		if got := run(c.name, c.action); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.name, c.action, got, c.want)
		}
	}
}

func TestSourceDateEpoch(t *testing.T) {
	for value, want := range map[string]time.Time{
		"": {}, "0": time.Unix(0, 0).UTC(), "1700000000": time.Unix(1700000000, 0).UTC(),
	} {
		if got, err := sourceDateEpoch(value); err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v", value, got, err)
		}
	}
	for _, value := range []string{"-1", "now", "1.5", " 1"} {
		if _, err := sourceDateEpoch(value); err == nil {
			t.Errorf("%q is taken", value)
		}
	}
}
