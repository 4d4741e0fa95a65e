package catalog

import (
	"fmt"
	"strings"
)

// NotFoundError says that a word means no module.
type NotFoundError struct {
	Name    string
	Similar []string // module names, at most five, nearest first
	Needs   []string // modules that the package of that name needs
}

func (e *NotFoundError) Error() string { return fmt.Sprintf("no module source named %s", e.Name) }

// InTreeError says that what was asked for has no module source, because the kernel has it.
type InTreeError struct {
	Name   string // as asked
	Module string // the kernel's own module, as modprobe knows it
	Since  string // the first kernel release with it
}

func (e *InTreeError) Error() string {
	return fmt.Sprintf("%s is part of the kernel since Linux %s, as module %s", e.Name, e.Since, e.Module)
}

// completions are the endings that module-assistant tries; module names have no -source, -src or -dkms, so these need no
// trying.
var completions = []string{"-kernel", "-driver", "-module", "-modules"}

// Resolve finds the module that a word means: a module, a source package of it, its Debian source package, an alias, or
// the beginning of such a name that module-assistant would complete. Case does not count, and _ is -. The package is
// set only where the word names that very one; otherwise the module's first is preferred. The errors are
// *InTreeError and *NotFoundError.
func (ix *Index) Resolve(word string) (Module, *Package, error) {
	name := normal(word)
	if p := ix.pkg(name); p != nil && p.Name.String() != ModuleName(name) {
		m, _ := ix.module(ModuleName(name))
		return m, p, nil
	}
	for _, try := range ix.meanings(name) {
		if m, ok := ix.module(try); ok {
			return m, nil, nil
		}
	}
	if known, ok := inTree(ModuleName(name)); ok {
		return Module{}, nil, &InTreeError{Name: word, Module: known.module, Since: known.since}
	}
	return Module{}, nil, &NotFoundError{Name: word, Similar: ix.similar(name)}
}

// normal writes a name as Debian names packages, with - for _, as modprobe reads them. A module's file is named as the module.
func normal(word string) string {
	word = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(word)), "_", "-")
	for _, ext := range []string{".xz", ".gz", ".zst"} {
		word = strings.TrimSuffix(word, ".ko"+ext)
	}
	return strings.TrimSuffix(word, ".ko")
}

// meanings are the module names that a word may stand for, the surest first.
func (ix *Index) meanings(name string) []string {
	tries := []string{name, strings.TrimSuffix(name, "-modules"), aliases[name]}
	tries = append(tries, ix.fromSource(name))
	for _, suffix := range completions {
		tries = append(tries, name+suffix)
	}
	return tries
}

// fromSource is the module that a Debian source package builds, "" where that is none or more than one.
func (ix *Index) fromSource(source string) string {
	only := ""
	for _, m := range ix.Modules {
		if m.Packages[0].Source.String() != source {
			continue
		}
		if only != "" {
			return ""
		}
		only = m.Name
	}
	return only
}

func (ix *Index) module(name string) (Module, bool) {
	i, ok := findModule(ix.Modules, name)
	if !ok {
		return Module{}, false
	}
	return ix.Modules[i], true
}
