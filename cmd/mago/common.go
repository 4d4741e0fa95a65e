package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"mago/debpkg"
	"mago/sources"
)

// builtPackage is a package that mago has written.
type builtPackage struct {
	Package string `json:"package"`
	Version string `json:"version"`
	Deb     string `json:"deb"`
}

// commonName is the package of what a module's source package installs for its modules at work, whatever the kernel:
// modprobe.d and udev rules and the like.
func commonName(module string) string { return packageName(module, "modules", "common") }

func (t target) hasCommon() bool {
	return t.pkg != nil && t.tree != nil && len(t.tree.Runtime.Paths) > 0
}

// commonRelation has the modules depend on those files. The source package is no alternative: apt would install that
// where it cannot find this one.
func (u unit) commonRelation() string {
	if !u.hasCommon() {
		return ""
	}
	return fmt.Sprintf("%s (>= %s)", commonName(u.name), u.version)
}

// writeCommon writes that package, where the source has such files.
func (a *app) writeCommon(u unit) (*builtPackage, error) {
	if !u.hasCommon() {
		return nil, nil
	}
	pkg, err := a.commonPackage(u)
	if err != nil {
		return nil, err
	}
	path, err := debpkg.Write(a.dest, pkg, debpkg.Options{Compression: compressionFor(pkg)})
	return &builtPackage{commonName(u.name), u.version, path}, err
}

func (a *app) commonPackage(u unit) (*debpkg.Package, error) {
	runtime := u.tree.Runtime
	p := &debpkg.Package{
		Control:   u.commonControl(runtime),
		Conffiles: runtime.Configuration(),
		Triggers:  triggers(runtime),
		ModTime:   a.buildEpoch(u.target),
	}
	for _, path := range runtime.Paths {
		file, err := debpkg.OnDisk(path, filepath.Join(runtime.Root, path))
		if err != nil {
			return nil, err
		}
		p.Files = append(p.Files, file)
	}
	docs, err := u.docs(commonName(u.name), u.changelogEntry(u.version, "Taken by mago out of "+u.pkg.Name+".", p.ModTime))
	p.Files = append(p.Files, docs...)
	return p, err
}

// commonControl makes it a stand-in for the source package: both own the same paths, so there is never more than one of
// them on a system.
func (u unit) commonControl(runtime sources.Runtime) []debpkg.Field {
	return []debpkg.Field{
		{Name: "Package", Value: commonName(u.name)},
		{Name: "Source", Value: u.pkg.Source},
		{Name: "Version", Value: u.version},
		{Name: "Architecture", Value: u.pkg.Architecture},
		{Name: "Maintainer", Value: maintainer(u)},
		{Name: "Depends", Value: running(u.pkg.PreDepends + "," + u.pkg.Depends)},
		{Name: "Conflicts", Value: u.pkg.Name},
		{Name: "Replaces", Value: u.pkg.Name},
		{Name: "Section", Value: "kernel"},
		{Name: "Priority", Value: "optional"},
		{Name: "Homepage", Value: u.pkg.Homepage},
		{Name: "Description", Value: fmt.Sprintf("files that the %s kernel modules need at work\n%s\n\n%s", u.name,
			wrapped("What "+u.pkg.Name+" installs beside the source of its modules: "+strings.Join(runtime.Paths, ", ")+"."),
			wrapped("Made by mago from "+u.pkg.Name+" "+u.version+"."))},
	}
}

// triggers has the initramfs made anew where the files are for that.
func triggers(runtime sources.Runtime) []string {
	if slices.ContainsFunc(runtime.Paths, func(p string) bool { return strings.HasPrefix(p, "/usr/share/initramfs-tools/") }) {
		return []string{"activate-noawait update-initramfs"}
	}
	return nil
}

// inTheWayError says that an installed source package owns the files that come in a package with the modules.
type inTheWayError struct{ pkg, common string }

func (e *inTheWayError) Error() string {
	return fmt.Sprintf("%s is installed and has the files of %s; both cannot be", e.pkg, e.common)
}

// commonToInstall is the package that has to be installed with a build's own, "" where what is there serves.
func (a *app) commonToInstall(built record) (deb string, err error) {
	c := built.Common
	if c == nil {
		return "", nil
	}
	if have := a.packageVersion(c.Package); have != "" && compareVersions(have, c.Version) >= 0 {
		return "", nil
	}
	if pkg := built.Source.Package; a.packageVersion(pkg) != "" {
		return "", &inTheWayError{pkg, c.Package}
	}
	return c.Deb, nil
}
