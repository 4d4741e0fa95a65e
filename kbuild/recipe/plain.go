package recipe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"mago/kbuild/kernel"
)

// plain builds a directory without dkms.conf: as the kernel's Documentation/kbuild/modules.rst has it, or by the
// Makefile's own rules. A look at the Makefile orders the attempts; each is made in a fresh copy of the source.
type plain struct{}

func (plain) Name() string                           { return "Kbuild" }
func (plain) Needs(Job) ([]*kernel.ToolError, error) { return nil, nil }

// attempt is one way of building a directory.
type attempt struct {
	by   string // "Kbuild" or "Makefile"
	dir  string // what kbuild's M= names, below the build directory
	goal string // the Makefile's own target, "" for its first
	jobs int
}

func (plain) Run(ctx context.Context, w *Workspace) (*Staged, error) {
	if err := w.dropSymbols(); err != nil {
		return nil, err
	}
	source, err := w.Job.Source.open()
	if err != nil {
		return nil, err
	}
	attempts, variables := planAttempts(source, w.Job.Jobs), kernelVariables(w.Job.Kernel, makefiles(source))
	if err := source.Close(); err != nil {
		return nil, err
	}
	var failed furthest
	for i, a := range attempts {
		staged, err := a.run(ctx, w, variables, failed.count(w.Event))
		if err == nil || !another(err) {
			return staged, err
		}
		failed.see(err)
		if i+1 < len(attempts) {
			w.Log.Note("%v; trying another way", err)
		}
	}
	return nil, failed.err
}

// another reports whether a failure is of the kind that another way of building may not have.
func another(err error) bool {
	var recipe *Error
	var compile *CompileError
	return errors.As(err, &recipe) || errors.As(err, &compile) && !compile.Cause.OfMachine()
}

// furthest keeps the failure of the attempt that compiled most files, the last of several: it tells what is wrong. One
// that only gave nothing tells less.
type furthest struct {
	err         error
	files, most int
}

func (f *furthest) count(event func(Progress)) func(Progress) {
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

// run makes the attempt, its progress told to event.
func (a attempt) run(ctx context.Context, w *Workspace, variables []string, event func(Progress)) (*Staged, error) {
	name, version := directoryName(w.Job.Source.Name), directoryName(w.Job.Source.Version)
	if err := w.remove(filepath.Join(name, version, "build")); err != nil {
		return nil, fmt.Errorf("remove the last attempt: %w", err)
	}
	build, err := w.prepare(ctx, name, version)
	if err != nil {
		return nil, err
	}
	s := w.in(build)
	s.event = event
	if a.jobs > 1 {
		if s.server, err = s.jobserver(ctx); err != nil {
			return nil, err
		}
		s.server.env = []string{"MAKEFLAGS=" + s.server.makeflags()}
	}
	step, args := a.command(w.Job.Kernel, w.Inside(filepath.Join(build, a.dir)), variables)
	args = append(args, w.Job.MakeArguments...)
	if err := s.do(ctx, step, strings.Join(args, " "), args...); err != nil {
		return nil, err
	}
	s.warnOfLostFlags(ctx, strings.Join(args, " "))
	built, err := s.findModules(ctx)
	if err == nil && len(built) == 0 {
		err = &Error{a.by, fmt.Errorf("%s succeeded but gave no .ko file; does its Makefile set obj-m?%s", step, w.otherDirs())}
	}
	return &Staged{Name: name, Version: version, Recipe: a.by, Modules: built}, s.blame(err)
}

// otherDirs names the directories of a source that may be built by themselves, as the end of a message.
func (w *Workspace) otherDirs() string {
	source, err := w.Job.Source.open()
	if err != nil {
		return ""
	}
	defer source.Close()
	var names someNames
	for _, dir := range objectDirs(source) {
		names.add(dir)
	}
	if names.count == 0 {
		return ""
	}
	return fmt.Sprintf(" Those in %s do: name these directories", names)
}

// command gives the name and the arguments of an attempt's one step; dir is what M= names.
func (a attempt) command(k kernel.Kernel, dir string, variables []string) (step string, args []string) {
	args = []string{"make"}
	if a.jobs == 1 {
		args = append(args, "-j1")
	}
	if a.by == "Kbuild" {
		args = append(args, "-C", k.Headers, "M="+dir, "modules")
		return "make", append(args, k.Toolchain()...)
	}
	step = strings.TrimSpace("make " + a.goal)
	if a.goal != "" {
		args = append(args, a.goal)
	}
	return step, append(append(args, variables...), k.Toolchain()...)
}

// MaxModules is ten times what the largest trees give.
const MaxModules = 10_000

// findModules takes the modules below a build directory. Two of one name could not both be loaded; a copy of the same bytes,
// as a Makefile may make beside its subdirectories, counts once, as does a compressed one of a module that is there.
func (s *steps) findModules(ctx context.Context) ([]Built, error) {
	files, err := modulesMade(ctx, s.Workspace, s.build)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(files, func(a, b string) int { return cmp.Compare(len(compression(a)), len(compression(b))) })
	var built []Built
	seen := map[string]string{}
	for _, file := range files {
		name, err := ModuleIn(uncompressed(file))
		if err != nil {
			return nil, &Error{"Kbuild", err}
		}
		if other, ok := seen[name]; ok {
			if err := s.checkCopy(ctx, name, file, other); err != nil {
				return nil, err
			}
			continue
		}
		if compression(file) != "" {
			if err := s.decompress(ctx, file); err != nil {
				return nil, err
			}
		}
		seen[name] = file
		built = append(built, Built{File: uncompressed(file), Dest: name, Strip: true})
	}
	return built, nil
}

// checkCopy refuses a second module of one name.
func (s *steps) checkCopy(ctx context.Context, name, file, other string) error {
	if compression(file) != "" && compression(other) == "" {
		return nil
	}
	same, err := sameBytes(ctx, s.Workspace, file, other)
	if err != nil || same {
		return err
	}
	return &Error{"Kbuild", fmt.Errorf("two modules named %s: %s and %s", name, other, file)}
}
