package kbuild

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"mago/kbuild/proof"
	"mago/kbuild/recipe"
)

// finished is the directory below the work directory that modules are copied to and finished in. It lies beside the foreign
// tree, in which a process that the build left behind can still write.
const finished = "finished"

// takenModule is a module that mago has a copy of. What is known of it is known of the copy, and the copy is what is packed.
type takenModule struct {
	recipe.Built
	file   string // host path of the copy
	facts  proof.Module
	signed bool // by mago
	came   bool // signed out of the recipe
}

// takeOut takes the modules that the recipe built; then those that the build gave, that its recipe does not promise, and that
// one of them depends on. k is what the kernel offers them, and has their names.
func (s *finishing) takeOut(ctx context.Context, built []recipe.Built) (all []takenModule, k proof.Kernel, err error) {
	if err := os.Mkdir(filepath.Join(s.Job.Work, finished), 0o755); err != nil {
		return nil, k, err
	}
	bound := s.Bound("its modules")
	for len(built) > 0 {
		taken := s.places(ctx, built)
		if err := s.strip(ctx, taken); err != nil {
			return nil, k, err
		}
		err := s.takeModules(ctx, taken, bound)
		if err == nil {
			err = s.readFacts(ctx, taken)
		}
		if err != nil {
			return nil, k, err
		}
		all = append(all, taken...)
		if k, err = s.offered(all); err != nil {
			return nil, k, err
		}
		built = s.missing(ctx, taken, k)
	}
	return all, k, nil
}

// offered is what the kernel, what the build needs, and the modules themselves offer these.
func (s *finishing) offered(all []takenModule) (proof.Kernel, error) {
	var facts []proof.Module
	for _, m := range all {
		facts = append(facts, m.facts)
	}
	k, err := Offered(s.Job.Kernel, s.Job.Needed, facts)
	if err != nil {
		return k, err
	}
	for _, m := range all {
		m.give(k)
	}
	return k, nil
}

// places are where modules are copied to, and whether they come signed, which strip would undo.
func (s *finishing) places(ctx context.Context, built []recipe.Built) (taken []takenModule) {
	for _, b := range built {
		taken = append(taken, takenModule{Built: b, file: filepath.Join(s.Job.Work, finished, b.Dest+".ko"), came: s.comesSigned(ctx, b)})
	}
	return taken
}

func (s *finishing) takeModules(ctx context.Context, taken []takenModule, bound *recipe.Bound) error {
	for _, m := range taken {
		err := s.takeFile(ctx, m.File, m.file, bound)
		if errors.Is(err, fs.ErrExist) {
			return &recipe.Error{Recipe: s.result.Recipe, Err: fmt.Errorf("two modules are to be installed as %s", m.Dest)}
		}
		if err != nil {
			return fmt.Errorf("module %s: %w", m.Dest, err)
		}
	}
	return nil
}

// takeFile copies a file that the build has made to a host path where no foreign program can write.
func (s *finishing) takeFile(ctx context.Context, file, to string, bound *recipe.Bound) error {
	in, err := s.Open(ctx, file)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, bound.Reader(ctx, in))
	return errors.Join(err, out.Close())
}

// give notes a module by all names that others may know it by: one may be installed under another name, and its file may have
// been renamed since it was linked.
func (m takenModule) give(k proof.Kernel) {
	for _, name := range []string{fileName(m.Built), m.Dest, m.facts.Name.String()} {
		k.Modules[proof.Canonical(name)] = true
	}
}

// missing finds among the build's files the modules that others depend on and that nobody gives.
func (s *finishing) missing(ctx context.Context, taken []takenModule, k proof.Kernel) (found []recipe.Built) {
	var files map[string]string
	seen := map[string]bool{}
	for _, m := range taken {
		for _, name := range k.Lacks(m.facts) {
			if files == nil {
				files = s.moduleFiles(ctx)
			}
			name = proof.Canonical(name)
			if files[name] == "" || seen[name] {
				continue
			}
			seen[name] = true
			s.Log.Note("module %s needs %s, which was built too", m.Dest, files[name])
			other := recipe.Built{File: files[name], Strip: true}
			other.Dest = fileName(other)
			found = append(found, other)
		}
	}
	return found
}

// moduleFiles finds every .ko file of the build, by the module's name. A directory that cannot be read has none.
func (s *finishing) moduleFiles(ctx context.Context) map[string]string {
	files := map[string]string{}
	_ = s.Walk(ctx, ".", func(file string, entry fs.DirEntry, err error) error {
		switch {
		case len(files) == recipe.MaxModules:
			return fs.SkipAll
		case err != nil || !entry.Type().IsRegular() || path.Ext(file) != ".ko":
			return nil
		}
		name, err := recipe.ModuleIn(file)
		if err == nil && files[proof.Canonical(name)] == "" {
			files[proof.Canonical(name)] = file
		}
		return nil
	})
	return files
}
