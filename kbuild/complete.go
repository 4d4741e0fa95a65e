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
	p.give(built...)
	for i := 0; i < len(built); i++ {
		info, err := s.infoOf(built[i])
		if err != nil {
			return nil, fmt.Errorf("module %s: %w", built[i].dest, err)
		}
		for _, name := range info.depends {
			if p.given[canonical(name)] {
				continue
			}
			if others == nil {
				others = s.moduleFiles()
			}
			if file := others[canonical(name)]; file != "" {
				fmt.Fprintf(s.log, "mago: module %s needs %s, which was built too\n", built[i].dest, file)
				other := builtModule{path: file, strip: true}
				other.dest = fileName(other)
				built = append(built, other)
				p.give(other)
			}
		}
	}
	return built, nil
}

func (s *steps) infoOf(b builtModule) (modinfo, error) {
	in, err := openRegular(s.work, b.path)
	if err != nil {
		return modinfo{}, err
	}
	defer in.Close()
	return readModinfo(in)
}

// moduleFiles finds every .ko file of the build, by the module's name. A directory that cannot be read has none.
func (s *steps) moduleFiles() map[string]string {
	files := map[string]string{}
	_ = fs.WalkDir(s.work.FS(), ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || path.Ext(file) != ".ko" {
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
