package modpkg

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"mago/catalog"
	"mago/debpkg"
	"mago/kbuild"
)

// common makes the package of those files; nil where there are none.
func (u Unit) common(shipped []kbuild.StagedFile) (*debpkg.Package, error) {
	files, err := u.commonFiles(shipped)
	if err != nil || len(files) == 0 {
		return nil, err
	}
	docs, err := u.docs(CommonName(u.Module), u.changelogEntry(u.Version, "Taken by mago out of "+u.origin()+"."))
	return &debpkg.Package{
		Control: u.commonControl(files), Conffiles: conffiles(files), Triggers: triggers(files),
		ModTime: u.Date, Files: append(files, docs...),
	}, err
}

// commonFiles are what a module's source package installs beside its source, and what the package of its own debian/rules
// ships beside modules, but for files of one kernel.
func (u Unit) commonFiles(shipped []kbuild.StagedFile) (files []debpkg.File, err error) {
	for _, path := range u.Tree.Runtime.Paths {
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
	for _, staged := range shipped {
		if u.isKernels(staged.Path) || slices.Contains(u.Tree.Runtime.Paths, staged.Path) {
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
func (u Unit) commonDocs() (files []debpkg.File, err error) {
	for _, path := range u.Tree.Runtime.Docs {
		rest, _ := strings.CutPrefix(path, filepath.Join("/usr/share/doc", u.Package.Name.String())+"/")
		file, err := u.runtimeFile(path, filepath.Join("/usr/share/doc", CommonName(u.Module), rest))
		if err != nil {
			return nil, err
		}
		file.Mode = 0o644
		files = append(files, file)
	}
	return files, nil
}

// runtimeFile packs a file of the source package under a path of mago's.
func (u Unit) runtimeFile(from, to string) (debpkg.File, error) {
	disk, err := u.Tree.Runtime.OnDisk(from)
	if err != nil {
		return debpkg.File{}, err
	}
	return debpkg.OnDisk(to, disk)
}

// isKernels tells a file of one kernel by its name.
func (u Unit) isKernels(path string) bool { return strings.Contains(path, u.Kernel.Release) }

// commonRelation has the modules depend on those files. The source package is no alternative: apt would install that
// where it cannot find this one.
func (u Unit) commonRelation() string {
	return fmt.Sprintf("%s (>= %s)", CommonName(u.Module), u.Version)
}

// commonControl makes it a stand-in for the source package: both own the same paths, so there is never more than one of
// them on a system.
func (u Unit) commonControl(files []debpkg.File) []debpkg.Field {
	arch := "all"
	var source, homepage, depends, owner string
	if p := u.Package; p != nil {
		source, homepage, depends = p.Source.String(), p.Homepage, Running(p.PreDepends+","+p.Depends)
		if p.Kind == catalog.DKMS {
			arch = p.Architecture.String() // a source package of one architecture may hold its libraries
		}
		if len(u.Tree.Runtime.Paths) > 0 {
			owner = p.Name.String()
		}
	}
	var paths []string
	for _, f := range files {
		paths = append(paths, f.Path)
	}
	return []debpkg.Field{
		{Name: "Package", Value: CommonName(u.Module)},
		{Name: "Source", Value: source},
		{Name: "Version", Value: u.Version},
		{Name: "Architecture", Value: arch},
		{Name: "Maintainer", Value: u.Maintainer},
		{Name: "Depends", Value: depends},
		{Name: "Conflicts", Value: owner},
		{Name: "Replaces", Value: owner},
		{Name: "Section", Value: "kernel"},
		{Name: "Priority", Value: "optional"},
		{Name: "Homepage", Value: homepage},
		{Name: debpkg.UnauthenticatedField, Value: strings.Join(u.Unchecked, ", ")},
		{Name: "Description", Value: fmt.Sprintf("files that the %s kernel modules need at work\n%s\n\n%s", u.Module,
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
