package kbuild

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"mago/debpkg/codec"
)

// kbuildRecipe builds a directory without dkms.conf: as the kernel's Documentation/kbuild/modules.rst has it, or by the
// Makefile's own rules. A look at the Makefile orders the attempts; each is made in a fresh copy of the source.
type kbuildRecipe struct{ by string }

func (r *kbuildRecipe) String() string { return r.by }

// attempt is one way of building a directory.
type attempt struct {
	by   string // "Kbuild" or "Makefile"
	dir  string // what kbuild's M= names, below the build directory
	goal string // the Makefile's own target, "" for its first
	jobs int
}

func (r *kbuildRecipe) run(s *steps) ([]builtModule, error) {
	source, err := s.job.Source.open()
	if err != nil {
		return nil, err
	}
	attempts, variables := planAttempts(source, s.job.Jobs), kernelVariables(s.job.Kernel, makefiles(source))
	if err := source.Close(); err != nil {
		return nil, err
	}
	var failed furthest
	for i, a := range attempts {
		r.by = a.by
		built, err := s.attempt(a, variables, failed.count(s))
		if err == nil || !another(err) {
			return built, err
		}
		failed.see(err)
		if i+1 < len(attempts) {
			s.log.note("%v; trying another way", err)
		}
	}
	return nil, failed.err
}

// another reports whether a failure is of the kind that another way of building may not have.
func another(err error) bool {
	var recipe *RecipeError
	var compile *CompileError
	return errors.As(err, &recipe) || errors.As(err, &compile) && !compile.Cause.OfMachine()
}

// furthest keeps the failure of the attempt that compiled most files, the last of several: it tells what is wrong. One
// that only gave nothing tells less.
type furthest struct {
	err         error
	files, most int
}

func (f *furthest) count(s *steps) func(Progress) {
	event := s.Event
	f.files = 0
	return func(p Progress) {
		f.files = p.Files
		if event != nil {
			event(p)
		}
	}
}

func (f *furthest) see(err error) {
	var compile *CompileError
	if f.err == nil || f.files > f.most || f.files == f.most && errors.As(err, &compile) {
		f.err, f.most = err, f.files
	}
}

// attempt makes one, its progress told to event.
func (s *steps) attempt(a attempt, variables []string, event func(Progress)) ([]builtModule, error) {
	name, version := directoryName(s.job.Source.Name), directoryName(s.job.Source.Version)
	if err := s.remove(filepath.Join(name, version, "build")); err != nil {
		return nil, fmt.Errorf("remove the last attempt: %w", err)
	}
	if err := s.prepare(name, version); err != nil {
		return nil, err
	}
	builder := *s.Builder
	builder.Event = event
	told := *s
	told.Builder = &builder
	step, args := s.command(a, variables)
	if err := told.do(step, strings.Join(args, " "), args...); err != nil {
		return nil, err
	}
	built, err := s.findModules()
	if err == nil && len(built) == 0 {
		err = &RecipeError{a.by, fmt.Errorf("%s succeeded but gave no .ko file; does its Makefile set obj-m?", step)}
	}
	return built, told.blame(err)
}

// command gives the name and the arguments of an attempt's one step.
func (s *steps) command(a attempt, variables []string) (step string, args []string) {
	k := s.job.Kernel
	args = []string{"make", "-j" + strconv.Itoa(a.jobs)}
	if a.by == "Kbuild" {
		args = append(args, "-C", k.Headers, "M="+s.inside(filepath.Join(s.build, a.dir)), "modules")
		return "make", append(args, k.Toolchain()...)
	}
	step = strings.TrimSpace("make " + a.goal)
	if a.goal != "" {
		args = append(args, a.goal)
	}
	return step, append(append(args, variables...), k.Toolchain()...)
}

// maxModules is ten times what the largest trees give.
const maxModules = 10_000

// findModules lists the .ko files below a build directory. Two of one name could not both be loaded; a copy of the same
// bytes, as a Makefile may make beside its subdirectories, counts once.
func (s *steps) findModules() ([]builtModule, error) {
	var built []builtModule
	seen := map[string]string{}
	err := s.walk(s.build, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || filepath.Ext(file) != ".ko" {
			return err
		}
		name, err := moduleIn(file)
		if err != nil {
			return &RecipeError{"Kbuild", err}
		}
		if len(built) == maxModules {
			return &codec.LimitError{What: "modules", Max: maxModules}
		}
		if other, ok := seen[name]; ok {
			same, err := s.sameBytes(file, other)
			if same || err != nil {
				return err
			}
			return &RecipeError{"Kbuild", fmt.Errorf("two modules named %s: %s and %s", name, other, file)}
		}
		seen[name] = file
		built = append(built, builtModule{path: file, dest: name, strip: true})
		return nil
	})
	return built, err
}
