package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"mago/catalog"
	"mago/debpkg"
	"mago/kbuild"
)

// builtPackage is a package that mago has written.
type builtPackage struct {
	Package string `json:"package"`
	Version string `json:"version"`
	Deb     string `json:"deb"`
	SHA256  string `json:"sha256,omitempty"` // of the .deb
}

// commonName is the package of what a module's source package installs for its modules at work, whatever the kernel:
// modprobe.d and udev rules and the like.
func commonName(module string) string { return packageName(module, "modules", "common") }

// commonFiles are what a module's source package installs beside its source, and what the package of its own debian/rules
// holds beside modules, but for files of one kernel.
func (u unit) commonFiles(result *kbuild.Result) ([]debpkg.File, error) {
	var files []debpkg.File
	for _, path := range u.tree.Runtime.Paths {
		file, err := u.runtimeFile(path, path)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	if len(files) > 0 {
		docs, err := u.commonDocs()
		if err != nil {
			return nil, err
		}
		files = append(files, docs...)
	}
	if result.Package == nil {
		return files, nil
	}
	for _, staged := range result.Package.Files {
		if u.isKernels(staged.Path) || slices.Contains(u.tree.Runtime.Paths, staged.Path) {
			continue
		}
		file, err := stagedFile(staged)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// commonDocs are the source package's documents, which go with it where it is replaced, as that package's own.
func (u unit) commonDocs() (files []debpkg.File, err error) {
	for _, path := range u.tree.Runtime.Docs {
		rest, _ := strings.CutPrefix(path, filepath.Join("/usr/share/doc", u.pkg.Name.String())+"/")
		file, err := u.runtimeFile(path, filepath.Join("/usr/share/doc", commonName(u.name), rest))
		if err != nil {
			return nil, err
		}
		file.Mode = 0o644
		files = append(files, file)
	}
	return files, nil
}

// runtimeFile packs a file of the source package under a path of mago's.
func (u unit) runtimeFile(from, to string) (debpkg.File, error) {
	disk, err := u.tree.Runtime.OnDisk(from)
	if err != nil {
		return debpkg.File{}, err
	}
	return debpkg.OnDisk(to, disk)
}

// isKernels tells a file of one kernel by its name.
func (u unit) isKernels(path string) bool { return strings.Contains(path, u.kernel.Release) }

// commonRelation has the modules depend on those files. The source package is no alternative: apt would install that
// where it cannot find this one.
func (u unit) commonRelation() string {
	return fmt.Sprintf("%s (>= %s)", commonName(u.name), u.version)
}

// writeCommon writes that package.
func (a *app) writeCommon(u unit, files []debpkg.File, result *kbuild.Result, r *record) (*builtPackage, error) {
	arch := "all"
	if u.pkg != nil && u.pkg.Kind == catalog.DKMS {
		arch = u.pkg.Architecture.String() // a source package of one architecture may hold its libraries
	}
	p := &debpkg.Package{
		Control: u.commonControl(arch, files), Conffiles: conffiles(files), Triggers: triggers(files),
		ModTime: a.buildEpoch(u.target), Files: files,
	}
	docs, err := u.docs(commonName(u.name), u.changelogEntry(u.version, "Taken by mago out of "+u.origin()+".", p.ModTime))
	if err != nil {
		return nil, err
	}
	p.Files = append(p.Files, docs...)
	u.makeRoom(p, result)
	r.mark(p)
	staged, err := debpkg.Write(a.stage(u.name, u.kernel.Release), p, debpkg.Options{Compression: compressionFor(p)})
	if err != nil {
		return nil, err
	}
	if err := u.keepPrivate(staged); err != nil {
		return nil, err
	}
	sum, _, err := sha256Of(staged)
	return &builtPackage{commonName(u.name), u.version, filepath.Join(a.debs(), filepath.Base(staged)), sum}, err
}

// commonControl makes it a stand-in for the source package: both own the same paths, so there is never more than one of
// them on a system.
func (u unit) commonControl(arch string, files []debpkg.File) []debpkg.Field {
	var source, homepage, depends, owner string
	if p := u.pkg; p != nil {
		source, homepage, depends = p.Source.String(), p.Homepage, running(p.PreDepends+","+p.Depends)
		if len(u.tree.Runtime.Paths) > 0 {
			owner = p.Name.String()
		}
	}
	var paths []string
	for _, f := range files {
		paths = append(paths, f.Path)
	}
	return []debpkg.Field{
		{Name: "Package", Value: commonName(u.name)},
		{Name: "Source", Value: source},
		{Name: "Version", Value: u.version},
		{Name: "Architecture", Value: arch},
		{Name: "Maintainer", Value: maintainer(u)},
		{Name: "Depends", Value: depends},
		{Name: "Conflicts", Value: owner},
		{Name: "Replaces", Value: owner},
		{Name: "Section", Value: "kernel"},
		{Name: "Priority", Value: "optional"},
		{Name: "Homepage", Value: homepage},
		{Name: "Description", Value: fmt.Sprintf("files that the %s kernel modules need at work\n%s\n\n%s", u.name,
			wrapped("What comes with these modules and is the same for every kernel: "+enumerated(paths)+"."),
			wrapped("Made by mago from "+u.origin()+"."))},
	}
}

// enumerated names as many paths as somebody may want to read.
func enumerated(paths []string) string {
	const most = 100
	if len(paths) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(paths[:most], ", "), len(paths)-most)
	}
	return strings.Join(paths, ", ")
}

// conffiles are the plain files below /etc, as debhelper marks them.
func conffiles(files []debpkg.File) []string {
	var paths []string
	for _, f := range files {
		if strings.HasPrefix(f.Path, "/etc/") && f.Link == "" {
			paths = append(paths, f.Path)
		}
	}
	return paths
}

// triggers has the initramfs made anew where the files are for that.
func triggers(files []debpkg.File) []string {
	if slices.ContainsFunc(files, func(f debpkg.File) bool { return strings.HasPrefix(f.Path, "/usr/share/initramfs-tools/") }) {
		return []string{"activate-noawait update-initramfs"}
	}
	return nil
}

// commonToInstall is the package that has to be installed with a build's own, "" where what is there serves.
func (a *app) commonToInstall(u unit, built record) (deb string) {
	c := built.Common
	if c == nil {
		return ""
	}
	have := a.installedPackage(c.Package)
	newer := debpkg.CompareVersions(have.Version, c.Version)
	remade := a.forced(u.target) || u.digest != "" // of one version there may be several then
	if a.counts(have) && (newer > 0 || newer == 0 && !remade) {
		return ""
	}
	return c.Deb
}
