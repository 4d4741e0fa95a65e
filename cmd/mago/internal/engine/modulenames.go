package engine

import (
	"context"
	"fmt"
	"path/filepath"
)

// The kinds of module names that the completion asks for.
const (
	NamesKnown = "known" // what can be named, and their packages
	NamesBuilt = "built" // what has a package to install
	NamesKept  = "kept"  // what clean and purge find something of
	NamesHere  = "here"  // what is built or installed
)

// Names lists module names of a kind.
func (e *Engine) Names(ctx context.Context, kind string) ([]string, error) {
	switch kind {
	case NamesKnown:
		return e.knownNames(ctx)
	case NamesBuilt:
		return e.builtNames()
	case NamesKept:
		return e.cleaner.cleanNames(ctx, nil)
	case NamesHere:
		return e.namesHere()
	}
	return nil, fmt.Errorf("no module names of the kind %q", kind)
}

// Keeping is the same engine with another cache.
func (e *Engine) Keeping(cache string) *Engine {
	b := *e.base
	b.Cache = filepath.Clean(cache)
	return newEngine(&b)
}

// knownNames are the modules that can be named, and their packages.
func (e *Engine) knownNames(ctx context.Context) ([]string, error) {
	ix, err := e.catalog.catalog(ctx)
	if err != nil {
		return nil, err
	}
	names, err := e.builtNames()
	for _, m := range ix.Modules {
		names = append(names, m.Name)
		for _, p := range m.Packages {
			names = append(names, p.Name.String())
		}
	}
	return names, err
}

// builtNames are the modules that have a package to install.
func (e *Engine) builtNames() ([]string, error) {
	records, err := e.store.All()
	var names []string
	for _, r := range records {
		if known := len(names) > 0 && names[len(names)-1] == r.Module; !known && e.store.HasDeb(r) {
			names = append(names, r.Module)
		}
	}
	return names, err
}

// namesHere are the modules that are built or installed.
func (e *Engine) namesHere() ([]string, error) {
	names, err := e.builtNames()
	if err != nil {
		return nil, err
	}
	installed, err := e.pkgs.installedPackages()
	for _, p := range installed {
		names = append(names, p.module)
	}
	return names, err
}
