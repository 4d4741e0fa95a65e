package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
)

// offeredNames are the kinds of module names that the completion asks for with mago completion KIND.
var offeredNames = map[string]func(*app, context.Context) ([]string, error){
	"known": (*app).knownNames,
	"built": (*app).builtNames,
	"kept":  func(a *app, ctx context.Context) ([]string, error) { return a.cleaner.cleanNames(ctx, nil) },
	"here":  (*app).namesHere,
}

// systemCache is root's; what lies there can be installed by whoever may call sudo.
const systemCache = "/var/cache/mago"

// printNames prints names of one kind, a line each.
func (a *app) printNames(ctx context.Context, kind string) error {
	a.reading, a.screen.quiet = true, true
	names, err := offeredNames[kind](a, ctx)
	if err != nil {
		return err
	}
	if kind != "known" && !a.host.asRoot && a.Root == "/" && a.UserDir == "" {
		more, err := offeredNames[kind](a.keeping(systemCache), ctx)
		if err != nil {
			return err
		}
		names = append(names, more...)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		fmt.Fprintln(a.screen.out, name)
	}
	return nil
}

// keeping is the same run with another cache.
func (a *app) keeping(cache string) *app {
	other := *a
	other.cache = filepath.Clean(cache)
	return &other
}

// knownNames are the modules that can be named, and their packages.
func (a *app) knownNames(ctx context.Context) ([]string, error) {
	ix, err := a.catalog.catalog(ctx)
	if err != nil {
		return nil, err
	}
	names, err := a.builtNames(ctx)
	for _, m := range ix.Modules {
		names = append(names, m.Name)
		for _, p := range m.Packages {
			names = append(names, p.Name.String())
		}
	}
	return names, err
}

// builtNames are the modules that have a package to install.
func (a *app) builtNames(context.Context) ([]string, error) {
	records, err := a.records()
	var names []string
	for _, r := range records {
		if a.hasDeb(r) {
			names = append(names, r.Module)
		}
	}
	return names, err
}

// namesHere are the modules that are built or installed.
func (a *app) namesHere(ctx context.Context) ([]string, error) {
	names, err := a.builtNames(ctx)
	if err != nil {
		return nil, err
	}
	installed, err := a.pkgs.installedPackages()
	for _, p := range installed {
		names = append(names, p.module)
	}
	return names, err
}
