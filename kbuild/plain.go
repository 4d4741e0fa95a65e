package kbuild

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// kbuildRecipe builds a directory with a Kbuild file or a Makefile that sets obj-m, as the kernel's
// Documentation/kbuild/modules.rst has it.
type kbuildRecipe struct{}

func (kbuildRecipe) String() string { return "Kbuild" }

func (r kbuildRecipe) run(s *steps) ([]builtModule, error) {
	if err := s.prepare(directoryName(s.job.Source.Name), directoryName(s.job.Source.Version)); err != nil {
		return nil, err
	}
	args := []string{"make", "-j" + strconv.Itoa(s.job.Jobs), "-C", s.job.Kernel.Headers, "M=" + s.inside(s.build), "modules"}
	if s.job.Kernel.Config.clang() {
		args = append(args, "LLVM=1")
	}
	if err := s.do("make", strings.Join(args, " "), args...); err != nil {
		return nil, err
	}
	built, err := findModules(s.work.FS(), s.build)
	if err == nil && len(built) == 0 {
		err = &RecipeError{r.String(), errors.New("make succeeded but gave no .ko file; does its Makefile set obj-m?")}
	}
	return built, err
}

var notInPaths = regexp.MustCompile(`[^A-Za-z0-9._+~-]`)

// directoryName is a name or version as kbuild takes it in a path, which may hold no blank, colon or per cent sign.
func directoryName(s string) string {
	return cmp.Or(strings.TrimLeft(notInPaths.ReplaceAllString(s, "_"), "._+~-"), "0")
}

// findModules lists the .ko files below a build directory; two of one name could not both be loaded.
func findModules(work fs.FS, build string) ([]builtModule, error) {
	var built []builtModule
	seen := map[string]string{}
	err := fs.WalkDir(work, build, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || path.Ext(file) != ".ko" {
			return err
		}
		name := strings.TrimSuffix(entry.Name(), ".ko")
		if notInPaths.MatchString(name) {
			return &RecipeError{"Kbuild", fmt.Errorf("%q cannot be a module's name", name)}
		}
		if other, ok := seen[name]; ok {
			return &RecipeError{"Kbuild", fmt.Errorf("two modules named %s: %s and %s", name, other, file)}
		}
		seen[name] = file
		built = append(built, builtModule{path: file, dest: name, strip: true})
		return nil
	})
	return built, err
}
