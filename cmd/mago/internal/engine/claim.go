package engine

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
	"mago/debpkg"
	"mago/debpkg/rooted"
	"mago/kbuild"
	"mago/sources"
)

// A module's name belongs to a source here: its packages and records are called so. Another source may take it over where
// it has all the modules that are there under the name, as a new version or a moved checkout does; else some would vanish.

// Claim is what a source that is to be built or installed wants of a name.
type Claim struct {
	Name    string
	release string
	from    store.Source
	source  string   // Debian's source package, "" for a local source
	modules []string // as modpkg.Modules has them
	all     bool     // whether it has no others
	install bool     // whether that is built, and to be installed
}

// TakenError says that a name, or a module, is another source's.
type TakenError struct {
	Claim
	by      string   // the package or path that has it
	Gone    []string // modules that would vanish
	apart   bool     // whether the two have no module in common
	remove  []string // packages in the way
	Purge   []string // kernels whose records are
	suggest string   // another name, "" where none would help
}

func (e *TakenError) Error() string {
	if len(e.Gone) == 0 {
		return fmt.Sprintf("%s has %s already, which %s has too", e.by, strings.Join(e.modules, ", "), e.from.String())
	}
	return fmt.Sprintf("the name %s belongs to %s here, with %s, which %s does not have", e.Name, e.by, strings.Join(e.Gone, ", "), e.from.String())
}

func (e *TakenError) Hint(on System) string {
	var lines []string
	if e.apart && e.suggest != "" {
		lines = append(lines, fmt.Sprintf("to have both, run the same command with --name %s", e.suggest))
	}
	var steps []string
	if len(e.remove) > 0 {
		steps = append(steps, on.Apt("remove", e.remove...))
	}
	if len(e.Purge) > 0 {
		steps = append(steps, on.Mago("purge", "-l", strings.Join(e.Purge, ","), e.Name))
	}
	lines = append(lines, fmt.Sprintf(`to have this one instead, run "%s", then the same command again`, strings.Join(steps, " && ")))
	return Hints(lines...)
}

// claim is a unit's, before it is built: as far as its source tells of its modules.
func (u unit) claim() Claim {
	c := Claim{Name: u.name, release: u.Kernel.Release, from: u.recordSource(), modules: u.tree.Modules()}
	if u.pkg != nil {
		c.source = u.pkg.Source.String()
	}
	return c
}

// claimOf is a unit's whose modules are known.
func (u unit) claimOf(modules []kbuild.Module) Claim {
	c := u.claim()
	c.modules, c.all = nil, true
	for _, m := range modules {
		c.modules = append(c.modules, modpkg.ModuleName(m.Name))
	}
	return c
}

// claimOf is that of a package that is built and about to be installed.
func claimOf(r store.Record) (Claim, error) {
	c := Claim{Name: r.Module, release: r.Kernel, from: r.Source, modules: modpkg.Modules(r.Modules), all: true, install: true}
	deb, err := debpkg.Open(r.Deb)
	if err != nil {
		return c, err
	}
	c.source, _, _ = strings.Cut(deb.Control().Get("Source"), " ")
	return c, deb.Close()
}

// loses are the modules that others have under the name and the claim does not. Another kernel may have other modules of
// the same source, and what is known before a build need not be all: then only a source without any of them is another.
func (c Claim) loses(modules []string, release string) (gone []string, apart bool) {
	gone = slices.DeleteFunc(slices.Clone(modules), func(m string) bool { return slices.Contains(c.modules, m) })
	apart = len(gone) == len(modules)
	if len(c.modules) == 0 || !apart && !(c.all && release == c.release) {
		return nil, apart
	}
	return gone, apart
}

// checkClaim refuses, with a *TakenError, a name that another source has here.
func (cs *claims) checkClaim(c Claim) error {
	records, err := cs.store.Of(c.Name)
	if err != nil {
		return err
	}
	var taken *TakenError
	for _, r := range records {
		if gone, apart := c.loses(modpkg.Modules(r.Modules), r.Kernel); len(gone) > 0 && r.Result == store.Built && !r.Source.Is(c.from) {
			taken = cmp.Or(taken, &TakenError{Claim: c, by: r.Source.String(), Gone: gone, apart: apart})
			taken.Purge = append(taken.Purge, r.Kernel)
		}
	}
	if taken, err = cs.takenByPackage(c, taken); err != nil || taken == nil {
		return err
	}
	taken.suggest = cs.freeName(c)
	return taken
}

// takenByPackage adds to a *TakenError the installed packages that are in the way; it makes one where there is none yet.
func (cs *claims) takenByPackage(c Claim, taken *TakenError) (*TakenError, error) {
	packages, err := cs.pkgs.installedPackages()
	if err != nil {
		return nil, err
	}
	for _, p := range packages {
		files, err := p.Files(rooted.Root(cs.Root))
		if err != nil {
			return nil, err
		}
		switch source, _, _ := strings.Cut(p.Source, " "); {
		case p.module != c.Name && p.release == c.release && c.install:
			if other := c.shared(p.Package, files); other != nil {
				taken = cmp.Or(taken, other)
				taken.remove = append(taken.remove, p.Package)
			}
		case p.module == c.Name && (c.source == "" || source != c.source):
			gone, apart := c.loses(modpkg.Modules(files), p.release)
			if len(gone) == 0 {
				continue
			}
			taken = cmp.Or(taken, &TakenError{Claim: c, by: p.Package, Gone: gone, apart: apart})
			taken.remove = append(taken.remove, p.Package)
		}
	}
	return taken, nil
}

// noteTakeover says that a unit's name goes from one source to another.
func (cs *claims) noteTakeover(u unit) {
	if r, ok := cs.store.Get(u.id()); ok && u.tree != nil && !r.Source.Is(u.recordSource()) {
		cs.say.note("note", "%s was built from %s before", u.name, r.Source.String())
	}
}

// shared is the error of a package under another name that has one of the claim's modules; nil where it has none.
func (c Claim) shared(pkg string, files []string) *TakenError {
	own := slices.DeleteFunc(slices.Clone(files), func(path string) bool { return !strings.Contains(path, "/"+c.release+"/"+kbuild.Subdirectory+"/") })
	c.modules = slices.DeleteFunc(modpkg.Modules(own), func(m string) bool { return !slices.Contains(c.modules, m) })
	if len(c.modules) == 0 {
		return nil
	}
	return &TakenError{Claim: c, by: pkg}
}

// OthersError says that what is here under a name is not of the directory or tarball that was named.
type OthersError struct{ Name, path, by string }

func (e *OthersError) Error() string {
	return fmt.Sprintf("nothing is built of %s: the name %s belongs to %s here", e.path, e.Name, e.by)
}

func (e *OthersError) Hint() string {
	return fmt.Sprintf("name %s to mean that one; what was built with --name needs --name again", e.Name)
}

// checkOwnName refuses a local source's name where all that is here under it is of others.
func (mo *modules) checkOwnName(t target) error {
	if t.pkg != nil || t.tree == nil {
		return nil
	}
	records, err := mo.store.Of(t.name)
	if err != nil || len(records) == 0 || slices.ContainsFunc(records, t.isSourceOf) {
		return err
	}
	return &OthersError{t.name, t.from(), records[0].Source.String()}
}

// from is where a target's source is from: its package or path, "" for what is not there any more.
func (t target) from() string {
	switch {
	case t.pkg != nil:
		return t.pkg.Name.String()
	case t.tree == nil:
		return ""
	}
	return cmp.Or(t.tree.Archive, t.tree.Dir)
}

// isOf reports whether two targets of a name are of one source.
func (t target) isOf(other target) bool {
	return (t.pkg == nil) == (other.pkg == nil) && t.from() == other.from()
}

// TwiceError says that two words of a command line mean different sources of one name.
type TwiceError struct {
	Name, first, second string
	Local               bool // whether the second may be called otherwise
}

func (e *TwiceError) Error() string {
	return fmt.Sprintf("%s and %s are both called %s", e.first, e.second, e.Name)
}

func (e *TwiceError) Hint() string {
	if e.Local {
		return "name them in two commands, the second with --name NAME"
	}
	return "name one of them"
}

// isSourceOf reports whether a record is of this very source, by its place or its contents.
func (t target) isSourceOf(r store.Record) bool {
	if t.pkg != nil || t.tree == nil {
		return true
	}
	from := unit{target: t}.recordSource()
	return r.Source.Is(from) || r.Source.SHA256 == from.SHA256
}

// freeName is a name for a local source that nothing here has.
func (cs *claims) freeName(c Claim) string {
	if c.from.Package != "" {
		return ""
	}
	var names []string
	for _, m := range c.modules {
		names = append(names, modpkg.Spell(m))
	}
	dir := filepath.Dir(c.from.Path)
	names = append(names, c.from.Name, modpkg.Spell(filepath.Base(dir)), modpkg.Spell(c.Name, filepath.Base(dir)), c.Name+"-2")
	for _, name := range names {
		if sources.CheckName(name) == nil && !cs.isNameTaken(name) {
			return name
		}
	}
	return ""
}

func (cs *claims) isNameTaken(name string) bool {
	if _, err := os.Stat(filepath.Join(cs.Cache, "builds", name)); err == nil {
		return true
	}
	if cs.catalog.opened() != nil {
		if _, _, err := cs.catalog.opened().Resolve(name); err == nil {
			return true
		}
	}
	packages, err := cs.pkgs.installedPackages()
	return err != nil || slices.ContainsFunc(packages, func(p modulesPackage) bool { return p.module == name })
}
