package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"mago/catalog"
	"mago/cmd/mago/internal/store"
	"mago/kbuild/recipe"
	"mago/sources"
)

// target is one module that a word on the command line stands for.
type target struct {
	name    string           // the module's, as packages and records spell it
	pkg     *catalog.Package // nil for a local source
	tree    *sources.Tree    // the source, once it is there; for a local one from the start, nil if that is gone
	digest  string           // of a local source's contents
	closed  bool             // whether it is a directory that nobody else could change since before it was hashed
	edited  bool             // whether the source lay opened where anybody may have edited it (-O)
	version string           // of the source
	needed  []target         // what it is compiled against, besides a kernel
	exact   bool             // whether that very package was asked for
	only    bool             // whether that very version was asked for
	lacking error            // why its source cannot be fetched, nil where it can
	unbuilt bool             // whether it is needed and its source alone is there
	asNeed  bool             // whether it is here only because another one needs it
	above   []string         // the modules whose needs have led to it
}

// source is what a build takes; the tree is there.
func (t target) source() recipe.Source {
	return recipe.Source{Name: t.name, Version: t.tree.Version, Digest: t.sourceDigest(), Dir: t.tree.Dir, Open: t.tree.Open}
}

// sourceDigest is the SHA-256 of what the source came in: its archive, or a directory's contents.
func (t target) sourceDigest() string {
	if t.digest != "" || t.tree == nil {
		return t.digest
	}
	return t.tree.SHA256
}

func (t target) describe() string {
	switch {
	case t.pkg != nil:
		return t.pkg.Name.String() + " " + t.version
	case t.tree == nil:
		return t.name + " " + t.version
	}
	return fmt.Sprintf("%s (version %s)", t.from(), t.version)
}

var archive = regexp.MustCompile(`\.(?:tar(?:\.(?:xz|bz2|gz|zst|lzma))?|tgz|tbz2?|txz|deb|dsc|zip)$`)

// IsArchiveName reports whether a file is named as archives of sources are.
func IsArchiveName(path string) bool { return archive.MatchString(path) }

// isLocal tells a path from a module's name: it holds a slash, is "." or "..", or ends like an archive that exists.
func isLocal(word string) bool {
	if strings.Contains(word, "/") || word == "." || word == ".." {
		return true
	}
	_, err := os.Stat(word)
	return err == nil && IsArchiveName(word)
}

// targets turns module words into modules, each once, in the order given.
func (mo *modules) targets(ctx context.Context, words []string) ([]target, error) {
	return mo.targetsBut(ctx, words, func(_ string, some []target) ([]target, error) { return some, nil })
}

// unheld is targets for what changes modules: what is held is left out where a word means many, and refused where it names it.
func (mo *modules) unheld(ctx context.Context, words []string) ([]target, error) {
	return mo.targetsBut(ctx, words, func(word string, some []target) ([]target, error) {
		if isGroup(word) {
			return mo.leaveHeld(some), nil
		}
		return some, mo.checkHeld(some[0].name)
	})
}

// targetsBut is targets as far as take, which is given each word and what it means, leaves them.
func (mo *modules) targetsBut(ctx context.Context, words []string, take func(word string, some []target) ([]target, error)) ([]target, error) {
	words = ModuleWords(words)
	switch {
	case len(words) == 0:
		return nil, &UsageError{ErrNothingNamed}
	case mo.Name != "" && len(words) != 1:
		return nil, &UsageError{errCalled}
	case mo.Name != "" && isGroup(words[0]):
		return nil, notCalled(words[0])
	}
	var all []target
	for _, word := range words {
		some, err := mo.expandWord(ctx, word)
		if err == nil {
			some, err = take(word, some)
		}
		if err != nil {
			return nil, err
		}
		for _, t := range some {
			switch i := slices.IndexFunc(all, func(have target) bool { return have.name == t.name }); {
			case i < 0:
				all = append(all, t)
			case !isGroup(word) && !all[i].isOf(t):
				return nil, &TwiceError{t.name, all[i].from(), t.from(), t.pkg == nil}
			}
		}
	}
	return all, nil
}

// isGroup reports whether a word means many modules.
func isGroup(word string) bool { return word == "all" || word == "alli" || word == "allu" }

// tellNone says why there is nothing to do where words for many modules mean none.
func (mo *modules) tellNone(words []string) {
	var why []string
	for _, w := range ModuleWords(words) {
		switch w {
		case "all":
			why = append(why, "apt's lists have none")
		case "alli":
			why = append(why, "none is installed"+mo.orHeld())
		case "allu":
			why = append(why, "none has its source opened here"+mo.orHeld())
		}
	}
	mo.say.note("modules", "%s: nothing to do", strings.Join(why, ", "))
}

// ModuleWords splits what lists join; a path that exists is one word, whatever characters it has.
func ModuleWords(args []string) []string {
	var words []string
	for _, arg := range args {
		if isLocal(arg) {
			words = append(words, ListOrPath(arg)...)
		} else {
			words = append(words, Lists(arg)...)
		}
	}
	return words
}

func (mo *modules) expandWord(ctx context.Context, word string) ([]target, error) {
	if isLocal(word) {
		t, err := mo.localTarget(ctx, word, mo.Name)
		return []target{t}, err
	}
	ix, err := mo.catalog.catalog(ctx)
	if err != nil {
		return nil, err
	}
	switch word {
	case "all":
		return allPinned(ctx, mo, mo.targetsOf(ix, func(catalog.Module) bool { return true })), nil
	case "alli":
		some, err := mo.installedTargets(ctx, ix)
		return allPinned(ctx, mo, some), err
	case "allu":
		some, err := mo.unpackedTargets(ctx, ix)
		return allPinned(ctx, mo, some), err
	}
	t, versioned, err := mo.versionedTarget(ctx, ix, word)
	if !versioned {
		t, err = mo.namedTarget(ctx, ix, word)
		t = pinned(ctx, mo, t)
	}
	if mo.Name == "" || err != nil {
		return []target{t}, err
	}
	if t.pkg != nil || t.tree == nil {
		return nil, notCalled(word)
	}
	t.name = mo.Name
	return []target{t}, nil
}

var errCalled = errors.New("--name is for one directory or tarball at a time")

// notCalled says that a word means no source that --name could rename.
func notCalled(word string) error {
	return &UsageError{fmt.Errorf("--name gives a directory or tarball another name; %s is neither", word)}
}

// targetOf is that, of a module's records.
func (mo *modules) targetOf(ctx context.Context, name string, records []store.Record) (target, bool) {
	if !moduleWord.MatchString(name) || len(records) == 0 {
		return target{}, false
	}
	records = slices.Clone(records)
	slices.SortStableFunc(records, func(a, b store.Record) int { return b.Started.Compare(a.Started) })
	for _, r := range records {
		if r.Source.Package != "" {
			continue
		}
		t, err := mo.localTarget(ctx, r.Source.Path, name)
		if err == nil && (r.Source.Name == "" || r.Source.Name == t.tree.Own) { // else something else is there now
			return t, true
		}
	}
	return target{name: name, version: records[0].Source.Version}, true
}

// newTarget takes the package that was asked for by its own name, else the module's preferred one.
func newTarget(module catalog.Module, pkg *catalog.Package) target {
	exact := pkg != nil
	if !exact {
		pkg = &module.Packages[0]
	}
	return target{name: module.Name, pkg: pkg, exact: exact, version: pkgVersion(pkg)}
}

// pkgVersion is apt's candidate, or what is installed where apt has none.
func pkgVersion(pkg *catalog.Package) string {
	if pkg.Version.IsZero() {
		return pkg.Installed.String()
	}
	return pkg.Version.String()
}

func (mo *modules) targetsOf(ix *catalog.Index, want func(catalog.Module) bool) []target {
	var some []target
	for _, m := range ix.Modules {
		if want(m) {
			some = append(some, newTarget(m, nil))
		}
	}
	return some
}

// NoSourceError says that a path on the command line leads nowhere.
type NoSourceError struct{ Path string }

func (e *NoSourceError) Error() string { return "no directory, tarball or .deb " + e.Path }

// dkmsName is a module as dkms's users name it, with its version.
var dkmsName = regexp.MustCompile(`^([a-z0-9][a-z0-9+._-]*)/[0-9][^/]*$`)

func (e *NoSourceError) Hint() string {
	if m := dkmsName.FindStringSubmatch(e.Path); m != nil {
		return "a module is named without its version: " + m[1]
	}
	return "name a directory, tarball or .deb that is there, or a module by its name"
}

// localTarget is the source at a path, under the name that the user gives it or else its own.
func (mo *modules) localTarget(ctx context.Context, path, name string) (target, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return target{}, &NoSourceError{path}
	}
	tree, err := mo.fetcher().LocalAs(ctx, path, name)
	if err != nil {
		return target{}, err
	}
	t := target{name: tree.Name, tree: tree, version: tree.Version, digest: tree.SHA256}
	if tree.Origin != sources.Directory {
		return t, nil
	}
	if t.closed, err = tree.IsClosed(); err == nil { // before it is read
		t.digest, err = tree.Contents(ctx)
	}
	return t, err
}

// shown is a path as the screen shows it: whole with -v, else its last part.
func (b *base) shown(path string) string {
	if b.Verbose {
		return path
	}
	return filepath.Base(path)
}

// freshTargets resolves the words of what changes modules against a catalog that knows apt's present lists.
func (mo *modules) freshTargets(ctx context.Context, words []string) ([]target, error) {
	if !slices.ContainsFunc(ModuleWords(words), func(w string) bool { return !isLocal(w) }) {
		return mo.unheld(ctx, words)
	}
	ix, err := mo.catalog.catalog(ctx)
	if err != nil {
		return nil, err
	}
	if ix.Changed || mo.Verbose {
		mo.catalog.showCatalog(ix)
	}
	targets, err := mo.unheld(ctx, words)
	mo.noteNewer(targets)
	return targets, err
}
