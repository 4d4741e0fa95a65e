package kbuild

import (
	"fmt"
	"io/fs"
	"path"
)

// complete adds the modules that the build gave, that its recipe does not promise, and that a promised one could not be
// loaded without.
func (s *steps) complete(built []builtModule, p *proof) ([]builtModule, error) {
	var others map[string]string
	infos, err := s.noteModules(p, built...)
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(built); i++ {
		for _, name := range infos[i].depends {
			if p.given[canonical(name)] {
				continue
			}
			if others == nil {
				others = s.moduleFiles()
			}
			file := others[canonical(name)]
			if file == "" {
				continue
			}
			s.log.note("module %s needs %s, which was built too", built[i].dest, file)
			other := builtModule{path: file, strip: true}
			other.dest = fileName(other)
			info, err := s.noteModules(p, other)
			if err != nil {
				return nil, err
			}
			built, infos = append(built, other), append(infos, info...)
		}
	}
	return built, nil
}

// noteModules reads what modules say of themselves, and gives them to those that depend on them.
func (s *steps) noteModules(p *proof, built ...builtModule) ([]modinfo, error) {
	infos := make([]modinfo, len(built))
	for i, b := range built {
		var err error
		if infos[i], err = s.infoOf(b); err == nil {
			err = s.learn(elfModule{modinfo: infos[i]})
		}
		if err != nil {
			return nil, fmt.Errorf("module %s: %w", b.dest, err)
		}
		p.give(b, infos[i])
	}
	return infos, nil
}

func (s *steps) infoOf(b builtModule) (modinfo, error) {
	in, err := s.openBuilt(b.path)
	if err != nil {
		return modinfo{}, err
	}
	defer in.Close()
	return readModinfo(in)
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
		if err == nil && files[canonical(name)] == "" {
			files[canonical(name)] = file
		}
		return nil
	})
	return files
}
