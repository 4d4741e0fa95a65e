package kernel

import (
	"cmp"
	"slices"
	"strings"
)

// Package is an installed Debian package.
type Package struct{ Name, Version string }

// owned is a package with what dpkg lists of its files, none where there is no list.
type owned struct {
	Package
	files []string
}

// packages lists the installed packages that may be a release's.
func (f Finder) packages(release string) (all []owned) {
	if f.Packages == nil {
		return nil
	}
	for _, p := range f.Packages(release) {
		list, _ := f.root().ReadFile("/var/lib/dpkg/info/" + p.Name + ".list")
		all = append(all, owned{p, strings.Fields(string(list))})
	}
	return all
}

// owns reports whether one of some files is a package's.
func (p owned) owns(files ...string) bool {
	return slices.ContainsFunc(files, func(file string) bool { return slices.Contains(p.files, file) })
}

// owner is the package that a kernel's headers came in, whatever it is called, and its version, or else that of the kernel's image.
func (f Finder) owner(k Kernel, packages []owned) (name, version string) {
	dirs := k.headers.leadHere(append(usual(k.Release), k.Headers, k.Build))
	for _, p := range packages {
		if p.owns(dirs...) {
			return p.Name, p.Version
		}
	}
	for _, p := range packages {
		switch unlisted := len(p.files) == 0; {
		case unlisted && p.Name == "linux-headers-"+k.Release && len(k.headers.leadHere(usual(k.Release))) > 0:
			return p.Name, p.Version
		case version == "" && (p.owns("/boot/vmlinuz-"+k.Release) || unlisted && p.Name == "linux-image-"+k.Release):
			version = p.Version
		}
	}
	return "", cmp.Or(version, k.Release)
}

// usual are the names that a kernel's headers are known by.
func usual(release string) []string {
	return []string{"/usr/src/linux-headers-" + release, "/lib/modules/" + release + "/build", "/usr/lib/modules/" + release + "/build"}
}

// leadHere keeps the names that are, or lead to, the directory.
func (h headers) leadHere(names []string) []string {
	return slices.DeleteFunc(names, func(name string) bool {
		resolved, _, err := h.in.Resolve(name)
		return err != nil || resolved != h.dir
	})
}

// modulesDir is where a kernel's packages put their modules; Debian 13 ships them under /usr.
func modulesDir(release string, packages []owned) string {
	usr := "/usr/lib/modules/" + release
	if slices.ContainsFunc(packages, func(p owned) bool { return p.owns(usr) }) {
		return usr
	}
	return "/lib/modules/" + release
}
