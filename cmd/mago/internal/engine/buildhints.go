package engine

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"mago/catalog"
	"mago/debpkg/word"
	"mago/kbuild/proof"
	"mago/kbuild/recipe"
)

// newer is the newest version that apt has of what a unit's source came from, where it is newer than the source; the
// zero value where there is none. What apt cannot tell a hint does without.
func (at *aptTool) newer(ctx context.Context, u unit) catalog.Offer {
	if u.pkg == nil {
		return catalog.Offer{}
	}
	built, err := word.ParseVersion(u.tree.Version)
	if err != nil {
		return catalog.Offer{}
	}
	offers, err := at.catalogConfig().Newer(ctx, u.pkg.Name, built)
	if err != nil || len(offers) == 0 {
		return catalog.Offer{}
	}
	return offers[0]
}

// CauseOf is what a failed build's error usually means; the zero value where that is not known.
func CauseOf(err error) recipe.Cause {
	var compile *recipe.CompileError
	if errors.As(err, &compile) {
		return compile.Cause
	}
	return recipe.Cause{}
}

// Hint says in lines where a failure's log is, what it means, and what could be built instead. A source of the user's own
// may be half written: of that the error is all that is known.
func (e *BuildError) Hint(on System) string {
	lines := []string{"the log: " + e.Log}
	var symbol *proof.SymbolError
	var depends *proof.DependsError
	cause := CauseOf(e.Err)
	switch {
	case e.Local && (cause.Kind == "" || cause.IsTheory()):
	case errors.As(e.Err, &symbol), errors.As(e.Err, &depends):
		lines = append(lines, "another module may have to be built first, or the source was written for another kernel version")
	case cause.Kind != "":
		lines = append(lines, cause.String())
	}
	if cause.Package != "" {
		lines = append(lines, fmt.Sprintf(`run "%s"`, on.Apt("install", cause.Package)))
	}
	if o := e.newer; !o.Version.IsZero() {
		lines = append(lines, fmt.Sprintf(`%s %s is in %s: run "%s"`, o.Package, o.Version, o.Suite,
			on.SudoMago("auto-install", "-l", e.release, o.Package.String()+"="+o.Version.String())))
	}
	return Hints(lines...)
}

// OpenedBy is the command that opens a package of apt's in a new directory and builds sources in it.
func (p System) OpenedBy(pkg string, sources ...string) string {
	return fmt.Sprintf("mkdir %s && cd %[1]s && apt-get download %[1]s && dpkg-deb -x *.deb . && %s %s", pkg, p.SudoMago("auto-install"), pathsBelow(".", sources))
}

// UnpackedBy is the command that opens a tarball or a .deb in a new directory and builds sources in it.
func (p System) UnpackedBy(archive string, sources ...string) string {
	dir := filepath.Base(archive) + ".d"
	open := fmt.Sprintf("tar -xf %s -C %s", Pasted(archive), Pasted(dir))
	if filepath.Ext(archive) == ".deb" {
		open = fmt.Sprintf("dpkg-deb -x %s %s", Pasted(archive), Pasted(dir))
	}
	return fmt.Sprintf("mkdir %s && %s && %s %s", Pasted(dir), open, p.SudoMago("auto-install"), pathsBelow("./"+dir, sources))
}

// pathsBelow are the paths of sources below a directory, to be pasted. Archives name the sources, as they like.
func pathsBelow(dir string, sources []string) string {
	paths := make([]string, len(sources))
	for i, source := range sources {
		paths[i] = Pasted(dir + "/" + source)
	}
	return strings.Join(paths, " ")
}
