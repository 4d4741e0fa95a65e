package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"mago/cmd/mago/internal/modpkg"
	"mago/debpkg/rooted"
	"mago/debpkg/word"
	"mago/kbuild/kernel"
)

// IncompleteHeadersError adds to a kernel's incomplete headers who can complete them.
type IncompleteHeadersError struct {
	Err     *kernel.HeadersError
	Package string // the package that has the missing file, or needs the package that has it; "" where there is none
	Lacks   string // a package that Package needs and that is not installed; "" where Package has the file
	InApt   bool   // whether apt has the package to install
	LeadsTo string // where the link to the headers leads, if nothing is there; else ""

	offered word.Package // the package in apt that has what LeadsTo names
}

func (e *IncompleteHeadersError) Error() string {
	if e.LeadsTo != "" {
		return fmt.Sprintf("headers of kernel %s: %s leads to %s, which is not there", e.Err.Release, e.Err.Dir, e.LeadsTo)
	}
	return e.Err.Error()
}

func (e *IncompleteHeadersError) Unwrap() error { return e.Err }

func (e *IncompleteHeadersError) Hint(on System) string {
	const otherwise = "name complete ones with -k, or choose another kernel with -l"
	switch {
	case e.Package == "" && e.InApt:
		return fmt.Sprintf(`run "%s"`, on.SudoMago("prepare", "-l", e.Err.Release))
	case e.Package == "":
		return "no installed package has what is missing: complete them where they come from, " + otherwise
	case e.Lacks != "" && e.InApt:
		return fmt.Sprintf(`%s needs %s, which is not installed: run "%s"`, e.Package, e.Lacks, on.SudoMago("prepare", "-l", e.Err.Release))
	case e.Lacks != "":
		return fmt.Sprintf("%s needs %s, which is neither installed nor in apt: %s", e.Package, e.Lacks, otherwise)
	case e.InApt:
		return fmt.Sprintf(`the file is %s's: run "%s"`, e.Package, on.Apt("install", "--reinstall", e.Package))
	}
	return fmt.Sprintf("the file is %s's, which apt does not have in this version any more: %s", e.Package, otherwise)
}

// mend is the package whose installation completes them; ok is false where that is not known, or none does.
func (e *IncompleteHeadersError) mend() (t word.Target, ok bool) {
	t.Name, _ = word.ParsePackage(e.Lacks)
	if e.Package == "" {
		t.Name = e.offered
	}
	return t, e.InApt && !t.Name.IsZero()
}

// whyIncomplete finds out which package can complete headers. Without apt's answer the hint names none.
func (kf *kernelFinder) whyIncomplete(ctx context.Context, headers *kernel.HeadersError) error {
	if headers.Wrong != nil {
		return headers
	}
	e := &IncompleteHeadersError{Err: headers, LeadsTo: kf.danglingTarget(headers.Dir)}
	if e.Package = kf.pkgs.owner(e.missingPath()); e.Package != "" {
		e.InApt = kf.apt.offers(ctx, e.Package, kf.pkgs.packageVersion(e.Package))
		return e
	}
	if of := kf.pkgs.owner(headers.Dir); of != "" {
		if lacks := kf.pkgs.lacks(of); len(lacks) > 0 {
			e.Package, e.Lacks, e.InApt = of, lacks[0], kf.apt.offers(ctx, lacks[0], "")
			return e
		}
	}
	if e.LeadsTo != "" {
		e.offered, _ = kf.apt.headersPackage(ctx, headers.Release)
	}
	e.InApt = !e.offered.IsZero()
	return e
}

// missingPath is the path, inside the root, whose owner can complete the headers: of what is missing, of the file that lacks
// something, or of the link that leads nowhere.
func (e *IncompleteHeadersError) missingPath() string {
	missing := e.Err.Missing
	if _, file, ok := strings.Cut(missing, ": "); ok { // what is not in a file
		missing, _, _ = strings.Cut(file, " ")
	}
	switch {
	case e.LeadsTo != "":
		return e.Err.Dir
	case filepath.IsAbs(missing):
		return missing
	}
	return filepath.Join(e.Err.Dir, missing)
}

// danglingTarget is where a link leads that leads nowhere, "" for what is none.
func (b *base) danglingTarget(name string) string {
	root := rooted.Root(b.Root)
	if _, err := root.Stat(name); err == nil {
		return ""
	}
	if info, err := root.Lstat(name); err != nil || info.Mode().Type() != fs.ModeSymlink {
		return ""
	}
	target, _, _ := root.Resolve(name) // "" where it cannot be told
	return target
}

// owner is the package that has a file, there or not, by dpkg's lists; "" where none has it. A directory is the first one's. The
// lists may name it by way of /lib, which is /usr/lib.
func (pk *packages) owner(name string) string {
	status, err := pk.installed()
	if err != nil {
		return ""
	}
	root := rooted.Root(pk.Root)
	names := []string{name, "/usr" + name}
	if resolved, _, err := root.Resolve(name); err == nil {
		names = append(names, resolved, strings.TrimPrefix(resolved, "/usr"))
	}
	for p := range status.Present() {
		files, _ := p.Files(root) // a hint does without a list that cannot be read
		if slices.ContainsFunc(files, func(file string) bool { return slices.Contains(names, file) }) {
			return p.Package
		}
	}
	return ""
}

// lacks are the packages that an installed one depends on and that are not there.
func (pk *packages) lacks(name string) (packages []string) {
	status, err := pk.installed()
	if err != nil {
		return nil
	}
	unmet, _ := status.Unmet(pk.installedPackage(name).Depends)
	for _, relation := range unmet {
		packages = append(packages, modpkg.PackageOf(relation))
	}
	return packages
}

// offers reports whether apt has a package, in that version where one is given.
func (at *aptTool) offers(ctx context.Context, pkg, version string) bool {
	name, err := word.ParsePackage(pkg)
	if err != nil {
		return false
	}
	all, _ := at.catalogConfig().Newer(ctx, name, word.Version{}) // what apt cannot tell is not there
	for _, o := range all {
		if version == "" || o.Version.String() == version {
			return true
		}
	}
	return false
}

// mendHeaders lists the package that completes headers, or says why there is none.
func (pr *preparer) mendHeaders(ctx context.Context, headers *kernel.HeadersError) ([]word.Target, error) {
	err := pr.kernels.whyIncomplete(ctx, headers)
	if e := (*IncompleteHeadersError)(nil); errors.As(err, &e) {
		if pkg, ok := e.mend(); ok {
			return []word.Target{pkg}, nil
		}
	}
	return nil, err
}
