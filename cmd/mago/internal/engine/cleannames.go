package engine

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"mago/catalog"
	"mago/cmd/mago/internal/store"
)

// isAll reports whether words name every module.
func isAll(words []string) bool {
	words = ModuleWords(words)
	return len(words) == 0 || slices.Equal(words, []string{"all"})
}

// cleanNames are the modules that mago keeps something of, those named or all.
func (cl *cleaner) cleanNames(ctx context.Context, words []string) ([]string, error) {
	if !isAll(words) {
		return cl.moduleNames(ctx, ModuleWords(words))
	}
	var names []string
	for _, kind := range []string{"trees", "builds"} {
		dirs, err := store.Entries(filepath.Join(cl.Cache, kind), "*")
		if err != nil {
			return nil, err
		}
		for _, dir := range dirs {
			names = append(names, catalog.ModuleName(filepath.Base(dir)))
		}
	}
	trees, err := cl.modules.fetcher().Unpacked()
	if err != nil {
		return nil, err
	}
	for _, tree := range trees {
		names = append(names, catalog.ModuleName(tree.Name))
	}
	built, err := cl.debNames()
	if err != nil {
		return nil, err
	}
	for _, deb := range built {
		names = append(names, deb.module)
	}
	debs, err := store.Entries(filepath.Join(cl.Cache, "downloads"), "*.deb")
	for _, deb := range debs {
		name, _, _ := strings.Cut(filepath.Base(deb), "_")
		names = append(names, catalog.ModuleName(name))
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name == "" }) // a tarball that has none
	slices.Sort(names)
	return slices.Compact(names), err
}

// moduleNames resolves words; one that mago has built, or that is installed, is known even if no list names it any more.
func (cl *cleaner) moduleNames(ctx context.Context, words []string) ([]string, error) {
	var names []string
	for _, word := range words {
		known, err := cl.knows(word)
		if err != nil {
			return nil, err
		}
		if known {
			names = append(names, word)
			continue
		}
		targets, err := cl.modules.targets(ctx, []string{word})
		if err != nil {
			return nil, err
		}
		for _, t := range targets {
			if err := cl.modules.checkOwnName(t); err != nil {
				return nil, err
			}
			names = append(names, t.name)
		}
	}
	return names, nil
}

// knows reports whether a word names a module that mago has built or that is installed.
func (cl *cleaner) knows(word string) (bool, error) {
	if cl.Name != "" || !moduleWord.MatchString(word) {
		return false, nil
	}
	if _, err := os.Stat(filepath.Join(cl.Cache, "builds", word)); err == nil {
		return true, nil
	}
	installed, err := cl.pkgs.installedPackages()
	return slices.ContainsFunc(installed, func(p modulesPackage) bool { return p.module == word }), err
}

// moduleWord is a name that a module's directory can have.
var moduleWord = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]*$`)
