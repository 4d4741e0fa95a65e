package kbuild

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"mago/kbuild/kernel"
	"mago/kbuild/proof"
	"mago/kbuild/recipe"
)

// prove compares modules with the kernel. What is wrong is in the log, the first of it is the error.
func (s *finishing) prove(all []takenModule, k proof.Kernel) error {
	var wrong proof.Wrong
	for _, m := range all {
		uses, err := proof.Check(m.Dest, m.facts, k)
		var more proof.Wrong
		errors.As(err, &more)
		if wrong = append(wrong, more...); len(wrong) >= proof.MaxWrong {
			break
		}
		s.result.Uses = append(s.result.Uses, uses...)
	}
	for _, err := range wrong {
		s.Log.Note("%v", err)
	}
	if len(wrong) > 0 {
		return wrong[0]
	}
	slices.Sort(s.result.Uses)
	s.result.Uses = slices.Compact(s.result.Uses)
	return nil
}

// Offered is what a kernel exports of what modules have it look up, and before it the modules that a build needs; of those the
// directory of a Module.symvers counts.
func Offered(from kernel.Kernel, needed []recipe.Needed, modules []proof.Module) (proof.Kernel, error) {
	k := proof.Kernel{Release: from.Release, Config: from.Config(), Modules: map[string]bool{}}
	lists := symvers{proof.SoughtBy(modules)}
	for _, n := range needed {
		exports, err := lists.read(os.Open(filepath.Join(n.Modules, recipe.SymversFile)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return proof.Kernel{}, err
		}
		k.Layers = append(k.Layers, proof.Layer{Needed: n.Module, Exports: exports})
	}
	exports, err := lists.read(from.Open(recipe.SymversFile))
	if err != nil {
		return proof.Kernel{}, err
	}
	k.Layers = append(k.Layers, proof.Layer{Exports: exports})
	for _, layer := range k.Layers {
		for _, export := range layer.Exports {
			k.Modules[proof.Canonical(export.Module)] = true
		}
	}
	return k, nil
}

// symvers reads files; of what they list, what is sought; see proof.ReadSymvers.
type symvers struct{ sought *proof.Sought }

// read takes what opening the file gave.
func (s symvers) read(file *os.File, err error) (proof.Exports, error) {
	if err != nil {
		return nil, err
	}
	defer file.Close()
	exports, err := proof.ReadSymvers(file, s.sought)
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", file.Name(), err)
	}
	return exports, nil
}
