package main

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	_ "embed"
	"fmt"
	"strings"
	"time"

	"mago/debpkg"
)

var (
	//go:embed debian/postinst
	postinst string
	//go:embed debian/postrm
	postrm string
	//go:embed debian/changelog
	ownChangelog string
	//go:embed debian/sysusers.conf
	sysusers []byte
	//go:embed debian/lintian-overrides
	overrides []byte
)

const maintainer = "The mago authors <nobody@mago.invalid>"

const description = `builds Debian packages of out-of-tree kernel modules
mago turns the source of a kernel module that is not part of Linux, such as
v4l2loopback, ZFS, or a vendor's driver, into a Debian package for one kernel,
and has dpkg install it. It follows dkms.conf, the debian/rules of
module-assistant, and plain Makefiles.

It builds when it is asked and only then: there is no kernel hook, timer,
trigger or daemon for that. What a source brings is compiled in a sandbox, by
a user without rights.`

// contents are the parts of mago's package.
type contents struct {
	Arch       string
	Date       time.Time // of everything in the package
	Program    string    // the file that holds it
	OfTokens   string    // that of the program that talks to tokens
	Manual     []byte
	Completion []byte
	Changelog  string
	Copyright  []byte
	Version    []byte // as the program prints it
}

// compose makes the package.
func (c contents) compose() (*debpkg.Package, error) {
	version := strings.TrimSpace(strings.TrimPrefix(string(c.Version), "mago "))
	changelog, err := changelogFor(c.Changelog, version, c.Date)
	if err != nil {
		return nil, err
	}
	if err := c.checkMachine(); err != nil {
		return nil, err
	}
	program, err := debpkg.OnDisk("/usr/bin/mago", c.Program)
	if err != nil {
		return nil, err
	}
	ofTokens, err := debpkg.OnDisk("/usr/libexec/mago/mago-pkcs11", c.OfTokens)
	if err != nil {
		return nil, err
	}
	program.Mode, ofTokens.Mode = 0o755, 0o755
	return &debpkg.Package{
		Control: control(version, c.Arch),
		Scripts: map[string]string{"postinst": postinst, "postrm": postrm},
		ModTime: c.Date,
		Files: []debpkg.File{
			program,
			ofTokens,
			debpkg.Bytes("/usr/share/man/man8/mago.8.gz", compressed(c.Manual)),
			debpkg.Bytes("/usr/share/bash-completion/completions/mago", c.Completion),
			debpkg.Bytes("/usr/lib/sysusers.d/mago.conf", sysusers),
			debpkg.Bytes("/usr/share/doc/mago/changelog.gz", compressed(changelog)),
			debpkg.Bytes("/usr/share/doc/mago/copyright", c.Copyright),
			debpkg.Bytes("/usr/share/lintian/overrides/mago", overrides),
		},
	}, nil
}

// control is the package's paragraph. mago needs what it depends on; "mago prepare" asks apt for what it recommends, and some
// modules need what it suggests.
func control(version, arch string) []debpkg.Field {
	return []debpkg.Field{
		{Name: "Package", Value: "mago"},
		{Name: "Version", Value: version},
		{Name: "Architecture", Value: arch},
		{Name: "Maintainer", Value: maintainer},
		{Name: "Depends", Value: "apt, dpkg (>= 1.21.18), libc6, passwd"},
		{Name: "Recommends", Value: "bubblewrap, build-essential, kmod, patch, xz-utils"},
		{Name: "Suggests", Value: "bash-completion, debhelper, fakeroot, linux-headers-" + arch + ", p11-kit-modules"},
		{Name: "Section", Value: "kernel"},
		{Name: "Priority", Value: "optional"},
		{Name: "Description", Value: description},
	}
}

// checkMachine refuses a program of another architecture than the package's.
func (c contents) checkMachine() error {
	for _, program := range []string{c.Program, c.OfTokens} {
		file, err := elf.Open(program)
		if err != nil {
			return err
		}
		defer file.Close()
		if want := machines[c.Arch]; file.Machine != want {
			return fmt.Errorf("%s is for %v, not for %v", program, file.Machine, want)
		}
	}
	return nil
}

// compressed is text as "gzip -9n" writes it, without a name or date.
func compressed(text []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		panic(err) // of a level that there is not
	}
	w.Write(text) // to memory
	w.Close()
	return out.Bytes()
}
