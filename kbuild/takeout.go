package kbuild

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"mago/kbuild/elfmodule"
	"mago/kbuild/proof"
)

// finished is the directory below the work directory that modules are copied to and finished in. It lies beside the foreign
// tree, in which a process that the build left behind can still write.
const finished = "finished"

// takenModule is a module that mago has a copy of. What is known of it is known of the copy, and the copy is what is packed.
type takenModule struct {
	builtModule
	file  string // host path of the copy
	facts proof.Module
}

// takeOut takes the modules that the recipe built; then those that the build gave, that its recipe does not promise, and that
// one of them depends on. It adds their names to the modules that k has.
func (s *steps) takeOut(built []builtModule, k proof.Kernel) (all []takenModule, err error) {
	if err := os.Mkdir(filepath.Join(s.job.Work, finished), 0o755); err != nil {
		return nil, err
	}
	c := s.copying(nil, "its modules")
	for len(built) > 0 {
		if err := s.strip(built); err != nil {
			return nil, err
		}
		taken, err := c.takeModules(built)
		if err == nil {
			err = s.readFacts(taken)
		}
		if err != nil {
			return nil, err
		}
		for _, m := range taken {
			m.give(k)
		}
		all, built = append(all, taken...), s.missing(taken, k)
	}
	return all, nil
}

func (c *copying) takeModules(built []builtModule) (taken []takenModule, err error) {
	for _, b := range built {
		m := takenModule{builtModule: b, file: filepath.Join(c.job.Work, finished, b.dest+".ko")}
		err := c.takeFile(b.path, m.file)
		if errors.Is(err, fs.ErrExist) {
			return nil, &RecipeError{c.result.Recipe, fmt.Errorf("two modules are to be installed as %s", b.dest)}
		}
		if err != nil {
			return nil, fmt.Errorf("module %s: %w", b.dest, err)
		}
		taken = append(taken, m)
	}
	return taken, nil
}

// readFacts fills in what is known of modules.
func (s *steps) readFacts(taken []takenModule) error {
	for i := range taken {
		in, err := os.Open(taken[i].file)
		if err == nil {
			taken[i].facts, err = elfmodule.Read(in)
			_ = in.Close()
		}
		if err != nil {
			return fmt.Errorf("module %s: %w", taken[i].dest, err)
		}
	}
	return nil
}

// takeFile copies a file that the build has made to a host path where no foreign program can write.
func (c *copying) takeFile(file, to string) error {
	in, err := c.openBuilt(file)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, c.reading(in))
	return errors.Join(err, out.Close())
}

// give notes a module by all names that others may know it by: one may be installed under another name, and its file may have
// been renamed since it was linked.
func (m takenModule) give(k proof.Kernel) {
	for _, name := range []string{fileName(m.builtModule), m.dest, m.facts.Name} {
		k.Modules[proof.Canonical(name)] = true
	}
}

// missing finds among the build's files the modules that others depend on and that nobody gives.
func (s *steps) missing(taken []takenModule, k proof.Kernel) (found []builtModule) {
	var files map[string]string
	seen := map[string]bool{}
	for _, m := range taken {
		for _, name := range k.Lacks(m.facts) {
			if files == nil {
				files = s.moduleFiles()
			}
			name = proof.Canonical(name)
			if files[name] == "" || seen[name] {
				continue
			}
			seen[name] = true
			s.log.note("module %s needs %s, which was built too", m.dest, files[name])
			other := builtModule{path: files[name], strip: true}
			other.dest = fileName(other)
			found = append(found, other)
		}
	}
	return found
}

// moduleFiles finds every .ko file of the build, by the module's name. A directory that cannot be read has none.
func (s *steps) moduleFiles() map[string]string {
	files := map[string]string{}
	_ = s.walk(".", func(file string, entry fs.DirEntry, err error) error {
		switch {
		case len(files) == maxModules:
			return fs.SkipAll
		case err != nil || !entry.Type().IsRegular() || path.Ext(file) != ".ko":
			return nil
		}
		name, err := moduleIn(file)
		if err == nil && files[proof.Canonical(name)] == "" {
			files[proof.Canonical(name)] = file
		}
		return nil
	})
	return files
}
