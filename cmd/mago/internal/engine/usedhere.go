package engine

import (
	"path/filepath"
	"strings"

	"mago/debpkg/rooted"
)

// usedHere are the words for what is installed, as source or built, and for what dkms builds from /usr/src that no package has put
// there. A source that others may change is left out with a line.
func (mo *modules) usedHere() []string {
	words, added := []string{"alli"}, mo.addedToDKMS()
	for _, found := range mo.fetcher().InUsrSrc() {
		inside := strings.TrimPrefix(found.Path, strings.TrimSuffix(mo.Root, "/"))
		if !added[filepath.Base(found.Path)] || mo.pkgs.owner(inside) != "" {
			continue
		}
		if shared, err := found.Shared(); shared != nil {
			mo.say.note("skipped", "%s, which dkms builds: %s", found.Path, shared)
		} else if err == nil {
			words = append(words, found.Path)
		}
	}
	return words
}

// addedToDKMS are the directories of /usr/src that dkms has as sources.
func (b *base) addedToDKMS() map[string]bool {
	const tree = "/var/lib/dkms"
	added := map[string]bool{}
	modules, _ := rooted.Root(b.Root).ReadDir(tree) // no dkms has none
	for _, module := range modules {
		versions, _ := rooted.Root(b.Root).ReadDir(filepath.Join(tree, module.Name()))
		for _, version := range versions {
			added[module.Name()+"-"+version.Name()] = true
		}
	}
	return added
}
