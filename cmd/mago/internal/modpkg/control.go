package modpkg

import (
	"fmt"
	"slices"
	"strings"

	"mago/debpkg"
	"mago/debpkg/apt"
	"mago/debpkg/visible"
	"mago/kbuild"
	"mago/sources"
)

// paragraph is a package's control fields; relations are those between Maintainer and Section.
func (u Unit) paragraph(name, source, version, arch, description string, relations ...debpkg.Field) []debpkg.Field {
	homepage := ""
	if u.Package != nil {
		homepage = u.Package.Homepage
	}
	return slices.Concat([]debpkg.Field{
		{Name: "Package", Value: name},
		{Name: "Source", Value: source},
		{Name: "Version", Value: version},
		{Name: "Architecture", Value: arch},
		{Name: "Maintainer", Value: u.Maintainer},
	}, relations, []debpkg.Field{
		{Name: "Section", Value: "kernel"},
		{Name: "Priority", Value: "optional"},
		{Name: "Homepage", Value: homepage},
		{Name: apt.UnauthenticatedField, Value: strings.Join(u.Unchecked, ", ")},
		{Name: "Description", Value: description},
	})
}

// control is that of the modules' package.
func (u Unit) control(result *kbuild.Result) []debpkg.Field {
	var depends, recommends, provides, source string
	for _, n := range u.Needed {
		relation := Name(n.Module, u.Kernel.Release)
		switch {
		case slices.Contains(result.Uses, n.Module):
			depends = Join(depends, relation)
		case n.Built:
			recommends = Join(recommends, relation)
		}
	}
	if p := u.Package; p != nil {
		source = fmt.Sprintf("%s (%s)", p.Source, u.Version)
		depends, recommends = Join(depends, u.runsWith()), Join(recommends, Running(p.Recommends))
		provides = u.mayPromise(p.Provides)
	}
	return u.paragraph(u.name(), source, Version(u.Version, u.Kernel.Version), u.Architecture, u.description(result.Modules),
		debpkg.Field{Name: "Depends", Value: depends},
		debpkg.Field{Name: "Recommends", Value: Join(u.Image, recommends)},
		debpkg.Field{Name: "Provides", Value: Join(provides, Spell(u.Module, "modules"))}, // the source's own may have a version
		u.early(),
	)
}

// runsWith is what the source's package depends on for its modules to work.
func (u Unit) runsWith() string { return Running(u.Package.PreDepends + "," + u.Package.Depends) }

func (u Unit) description(modules []kbuild.Module) string {
	var names []string
	for _, m := range modules {
		names = append(names, m.Name)
	}
	k, fits := u.Kernel, ""
	if u.Fits.Kernel != "" {
		fits = fmt.Sprintf("\n\n%s", wrapped(fmt.Sprintf("These modules were built for kernel %s and fit %s: all %d symbol CRCs are the same.", u.Fits.Kernel, k.Release, u.Fits.Symbols)))
	}
	return fmt.Sprintf("%s kernel modules for Linux %s\n%s%s\n\n%s", u.Module, k.Release,
		wrapped(fmt.Sprintf("These modules are for Linux %s, version %s: %s.", k.Release, k.Version, strings.Join(names, ", "))), fits,
		wrapped("Built by mago from "+u.origin()+".")+"\n\n"+u.SignedBy.paragraph())
}

// origin is what a package was made from, as its description says: of what came from no signed archive, that too.
func (u Unit) origin() string {
	if u.Package != nil && u.Tree.Origin == sources.Tarball {
		return fmt.Sprintf("a local package %s, version %s, that came from no archive and has the SHA-256 %s", u.Package.Name, u.Version, u.SHA256)
	}
	if u.Package == nil {
		return fmt.Sprintf("a local %s, version %s, that came from no archive and has the SHA-256 %s", u.Tree.Origin, u.Version, u.SHA256)
	}
	what := u.Package.Name.String() + " " + u.Version
	switch {
	case u.Tree.Origin == sources.Host:
		return what + ", as it lay in /usr/src"
	case u.Edited:
		return what + ", as it lay opened and maybe edited in mago's cache"
	case u.Unauthenticated:
		return what + ", out of an archive without a checked signature"
	}
	return what
}

// wrapped breaks text into the lines that Policy 5.6.13 wants in a description.
func wrapped(text string) string { return visible.Wrap(text, 75, 0) }
