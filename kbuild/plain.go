package kbuild

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
)

// kbuildRecipe builds a directory with a Kbuild file or a Makefile that sets obj-m, as the kernel's
// Documentation/kbuild/modules.rst has it.
type kbuildRecipe struct{}

func (kbuildRecipe) String() string { return "Kbuild" }

func (r kbuildRecipe) run(s *steps) ([]builtModule, error) {
	if err := s.prepare(s.job.Source.Name, s.job.Source.Version); err != nil {
		return nil, err
	}
	err := s.do("make", "make", "-j"+strconv.Itoa(s.job.Jobs), "-C", s.job.Kernel.Headers, "M="+s.inside(s.build), "modules")
	if err != nil {
		return nil, err
	}
	built, err := findModules(s.job.Work, s.build)
	if err == nil && len(built) == 0 {
		err = &RecipeError{r.String(), errors.New("make succeeded but gave no .ko file; does its Makefile set obj-m?")}
	}
	return built, err
}

// findModules lists the .ko files below a build directory; two of one name could not both be loaded.
func findModules(work, build string) ([]builtModule, error) {
	var built []builtModule
	seen := map[string]string{}
	err := filepath.WalkDir(filepath.Join(work, build), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || filepath.Ext(path) != ".ko" {
			return err
		}
		name := strings.TrimSuffix(entry.Name(), ".ko")
		if other, ok := seen[name]; ok {
			return &RecipeError{"Kbuild", fmt.Errorf("two modules named %s: %s and %s", name, other, path)}
		}
		seen[name] = path
		rel, err := filepath.Rel(work, path)
		built = append(built, builtModule{path: rel, dest: name, strip: true})
		return err
	})
	return built, err
}
