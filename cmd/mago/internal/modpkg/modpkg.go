// Package modpkg says what the Debian package of a kernel module is: its names, control fields, relations, scripts and
// documents, and the package of the files that are the same for every kernel. It writes no package, and reads no file
// but those that a unit and the result of its build name.
package modpkg

import (
	"fmt"
	"time"

	"mago/catalog"
	"mago/debpkg"
	"mago/debpkg/codec"
	"mago/kbuild"
	"mago/kbuild/kernel"
	"mago/kbuild/recipe"
	"mago/sources"
)

// Unit is one module for one kernel, with all that its package says of it.
type Unit struct {
	Module string // the module's name, as packages and records spell it
	Kernel kernel.Kernel
	Image  string // the package of the kernel itself, "" where none is known

	Version string           // of the source
	Package *catalog.Package // the source's package; nil for a local source
	Tree    *sources.Tree    // the source's facts and documents
	SHA256  string           // of what the source came in: its archive, or a directory's contents

	Edited          bool     // whether the source lay opened where anybody may have edited it
	Unauthenticated bool     // whether no signature covers its archive that apt has checked
	Vouched         bool     // whether an archive vouches for all that the source brings
	Unchecked       []string // all that went into the build, the source too, that no signature covers

	SignedBy  SignedBy // the certificate that mago has signed modules with
	Fits      Fits     // what the modules were built for, where that is another kernel
	Needed    []Needed // the modules that it is compiled against
	Early     bool     // whether the modules are marked for early boot, and the initramfs is made anew for them
	Included  bool     // whether it is to have them whatever is found to boot from
	Installed []string // names of the packages that are on the system

	Settings
}

// Fits is another kernel, whose modules fit.
type Fits struct {
	Kernel  string // release
	Symbols int    // whose CRCs are the same
}

// Needed is a module that another one is compiled against.
type Needed struct {
	Module string
	Built  bool // whether its package is there; else its source alone served
}

// Settings are the user's and the machine's part of a package.
type Settings struct {
	Maintainer   string    // a name and an address
	Date         time.Time // of everything in the package
	Architecture string    // dpkg's
}

// Packages are what a unit's build gives.
type Packages struct {
	Modules *debpkg.Package
	Common  *debpkg.Package // the files that are the same for every kernel; nil where there are none

	LeftOut []string // relations that the source's package had and may not have, as "Field: relations"
	Hooks   []string // the scripts of the source that the package runs as root, as dkms.conf calls them
}

// Compose makes the packages of a unit. The files of the result have to stay until the packages are written.
func Compose(u Unit, result *kbuild.Result) (Packages, error) {
	var all Packages
	var from recipe.Package // what a debian/rules made, as far as it counts
	if result.Package != nil {
		from = *result.Package
	}
	if !u.Vouched {
		from.Control, all.LeftOut = u.ownRelations(from.Control)
		all.LeftOut = append(all.LeftOut, u.unpromised()...)
	}
	for _, hook := range result.Hooks {
		name := hook.When
		if n := len(hook.Files); n > 0 {
			name += fmt.Sprintf(" (files of the source with it: %d)", n)
		}
		all.Hooks = append(all.Hooks, name)
	}
	var err error
	if all.Modules, err = u.modules(result, from); err != nil {
		return Packages{}, err
	}
	if all.Common, err = u.common(from.Files); err != nil {
		return Packages{}, err
	}
	if all.Common == nil {
		u.replaceSource(all.Modules, from)
		return all, nil
	}
	addRelations(all.Modules, "Depends", u.commonRelation())
	u.replaceSource(all.Common, from)
	return all, nil
}

// modules makes the package of the modules.
func (u Unit) modules(result *kbuild.Result, from recipe.Package) (*debpkg.Package, error) {
	what := fmt.Sprintf("Built by mago for Linux %s (%s).", u.Kernel.Release, u.Kernel.Version)
	if u.Fits.Kernel != "" {
		what = fmt.Sprintf("Made by mago for Linux %s (%s) from the modules built for Linux %s.", u.Kernel.Release, u.Kernel.Version, u.Fits.Kernel)
	}
	docs, err := u.docs(u.name(), u.entry(Version(u.Version, u.Kernel.Version), what))
	if err != nil {
		return nil, err
	}
	var l fileList
	for _, m := range result.Modules {
		l.addPlain(debpkg.OnDisk(m.Path, m.File))
	}
	l.files = append(append(l.files, u.depmodOrder(result.Modules), u.initramfsHook(result.Modules)), docs...)
	for _, f := range from.Files {
		if u.isKernels(f.Path) {
			l.addStaged(f)
		}
	}
	scripts, err := u.scripts(result)
	if err != nil {
		return nil, err
	}
	p := &debpkg.Package{Control: u.control(result), Scripts: scripts, Conffiles: l.conffiles(), Files: l.files, ModTime: u.Date,
		Triggers: []string{"interest-noawait " + u.initramfsTrigger()}}
	u.carry(p, from)
	return p, l.err
}

// largePayload, in bytes, is where xz would take longer than the compilation did.
const largePayload = 4 << 20

// Compression is xz, the smallest and what every dpkg and lintian reads, but zstd for payloads that xz would be slow
// on; dpkg reads that since 1.21.18 (Debian 12).
func Compression(p *debpkg.Package) codec.Format {
	var payload int64
	for _, f := range p.Files {
		payload += f.Size
	}
	if payload > largePayload {
		return codec.Zstd
	}
	return codec.XZ
}
