package modpkg

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"mago/catalog"
	"mago/debpkg"
	"mago/kbuild/recipe"
)

// common makes the package of the files that are the same for every kernel; nil where there are none. shipped is what
// the package of the source's own debian/rules holds beside modules.
func (u Unit) common(shipped []recipe.StagedFile) (*debpkg.Package, error) {
	l := u.commonFiles(shipped)
	if l.err != nil || len(l.files) == 0 {
		return nil, l.err
	}
	docs, err := u.docs(u.commonName(), u.entry(u.Version, "Taken by mago out of "+u.origin()+"."))
	return &debpkg.Package{
		Control: u.commonControl(l.files), Conffiles: l.conffiles(), Files: append(l.files, docs...), ModTime: u.Date,
	}, err
}

// commonFiles are what the source's package installs beside its source, with that package's documents, and of what is
// shipped all that is not for one kernel.
func (u Unit) commonFiles(shipped []recipe.StagedFile) (l fileList) {
	runtime := u.Tree.Runtime
	for _, path := range runtime.Paths {
		l.add(u.runtimeFile(path, path))
	}
	if len(runtime.Paths) > 0 { // so that this package takes that one's place
		for _, path := range runtime.Docs {
			rest, _ := strings.CutPrefix(path, filepath.Join("/usr/share/doc", u.Package.Name.String())+"/")
			l.addPlain(u.runtimeFile(path, filepath.Join("/usr/share/doc", u.commonName(), rest)))
		}
	}
	for _, f := range shipped {
		if !u.isKernels(f.Path) && !slices.Contains(runtime.Paths, f.Path) {
			l.addStaged(f)
		}
	}
	return l
}

// runtimeFile packs a file of the source's package under a path of mago's.
func (u Unit) runtimeFile(from, to string) (debpkg.File, error) {
	disk, err := u.Tree.Runtime.OnDisk(from)
	if err != nil {
		return debpkg.File{}, err
	}
	return debpkg.OnDisk(to, disk)
}

// isKernels tells a file of one kernel by its name.
func (u Unit) isKernels(path string) bool { return strings.Contains(path, u.Kernel.Release) }

// commonRelation has the modules depend on those files. The source's package is no alternative: apt would install that
// where it cannot find this one.
func (u Unit) commonRelation() string {
	return fmt.Sprintf("%s (>= %s)", u.commonName(), u.Version)
}

// commonControl makes it a stand-in for the source's package: both own the same paths, so there is never more than one
// of them on a system.
func (u Unit) commonControl(files []debpkg.File) []debpkg.Field {
	arch := "all"
	var source, depends, owner string
	if p := u.Package; p != nil {
		source, depends = p.Source.String(), u.runsWith()
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
	description := fmt.Sprintf("files that the %s kernel modules need at work\n%s\n\n%s", u.Module,
		wrapped("What comes with these modules and is the same for every kernel: "+enumerated(paths)+"."),
		wrapped("Made by mago from "+u.origin()+"."))
	return u.paragraph(u.commonName(), source, u.Version, arch, description,
		debpkg.Field{Name: "Depends", Value: depends},
		debpkg.Field{Name: "Conflicts", Value: owner},
		debpkg.Field{Name: "Replaces", Value: owner},
	)
}

// enumerated names as many paths as somebody may want to read.
func enumerated(paths []string) string {
	const most = 100
	if len(paths) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(paths[:most], ", "), len(paths)-most)
	}
	return strings.Join(paths, ", ")
}
