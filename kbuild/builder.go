// Package kbuild compiles out-of-tree modules: it reads a module's recipe, runs it in a sandbox (sub-package sandbox) against
// a kernel's headers (sub-package kernel) and gives back finished .ko files. Of apt's lists and of packages it knows nothing.
package kbuild

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"mago/debpkg/visible"
	"mago/kbuild/dkms"
	"mago/kbuild/kernel"
	"mago/kbuild/sandbox"
)

// Source is one module's source, as kbuild needs to know it.
type Source struct {
	Name, Version string
	Dir           string // host path of the directory that holds dkms.conf, Kbuild or Makefile; it is copied, never written to

	Open func() (*os.Root, error) // opens Dir, or says that it is not there any more; nil: os.OpenRoot
}

func (s Source) open() (*os.Root, error) {
	if s.Open != nil {
		return s.Open()
	}
	return os.OpenRoot(s.Dir)
}

// Job is one module to build for one kernel.
type Job struct {
	Source Source
	Kernel kernel.Kernel
	Conf   *dkms.Conf // what Evaluate gave for it; nil: it is evaluated now
	Needed []Needed   // what it is compiled against, besides the kernel
	Work   string     // host path of a directory that belongs to this job alone; the build user may enter it, nobody else
	Jobs   int        // how many compilers at once
	Epoch  time.Time  // the date that compilers may see: SOURCE_DATE_EPOCH and kbuild's timestamp
}

// Result is what a build gives: finished modules, stripped and compressed as the kernel's own are.
type Result struct {
	Name    string // the module's, as its recipe has it, or the source
	Version string // the same
	Recipe  string // "dkms.conf", "debian/rules", "Kbuild", or "Makefile" where its own rules did it
	Modules []Module
	Symvers string        // host path of a Module.symvers of what the modules export, below the job's work directory; "": nothing
	Uses    []string      // of Job.Needed, those whose symbols the modules use
	Package *RulesPackage // what came with the modules; nil where the recipe was no debian/rules
	Hooks   []Hook        // scripts of the source that the package is to run
}

// Module is one finished kernel module.
type Module struct {
	Name     string // as modprobe knows it
	Path     string // where it goes, inside the root
	File     string // where it lies now: host path, below the job's work directory
	Vermagic string
	Depends  []string // modules that it needs loaded
}

// DefaultLogLimit is far above what a build prints that prints for somebody to read.
const DefaultLogLimit = 64 << 20

// DefaultConfTimeout is far above what a dkms.conf takes, which is milliseconds.
const DefaultConfTimeout = 20 * time.Second

// Builder runs jobs.
type Builder struct {
	Root        string
	Sandbox     sandbox.Sandbox
	Run         func(*exec.Cmd) error // nil: (*exec.Cmd).Run
	Log         io.Writer             // what the build prints, up to LogLimit; nil: nothing is kept
	LogLimit    int64                 // in bytes; 0: DefaultLogLimit
	Event       func(Progress)        // called for every file compiled; nil: not
	ConfTimeout time.Duration         // ends the evaluation of a dkms.conf that does not end by itself; 0: DefaultConfTimeout
}

// Progress says how far a compilation is.
type Progress struct {
	Files int    // compiled so far
	File  string // the one at hand, below the build directory
}

// RecipeError says that a module's recipe cannot be followed: missing, malformed, or naming what is not there.
type RecipeError struct {
	Recipe string // "dkms.conf", "debian/rules", "Kbuild", "Makefile", "source"
	Err    error
}

func (e *RecipeError) Error() string { return visible.Line(e.Recipe + ": " + e.Err.Error()) }
func (e *RecipeError) Unwrap() error { return e.Err }

// NotMeantError says that a recipe excludes this kernel (BUILD_EXCLUSIVE_* of dkms(8)); nothing failed.
type NotMeantError struct{ Reason string }

func (e *NotMeantError) Error() string {
	return visible.Line("not meant for this kernel: " + e.Reason)
}

// Build compiles one job. Errors that somebody can mend are *kernel.ArchError, *kernel.HeadersError, *kernel.ToolError, *RecipeError, *NotMeantError,
// *CompileError, *SymbolError, *DependsError, *VermagicError, *sandbox.ReachError and *sandbox.LimitError. A *sandbox.BrokenError is this machine's.
func (b *Builder) Build(ctx context.Context, job Job) (*Result, error) {
	before := oomKills()
	result, err := b.buildOnce(ctx, job)
	return result, ofMemory(err, err != nil && oomKills() > before)
}

func (b *Builder) buildOnce(ctx context.Context, job Job) (*Result, error) {
	if err := job.Kernel.Native(); err != nil {
		return nil, err
	}
	if missing := kernel.MissingTools(b.Root, job.Kernel); len(missing) > 0 {
		return nil, missing[0]
	}
	if limit := b.Sandbox.Limits.Time; limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, b.Sandbox.Limits.Exceeded("time"))
		defer cancel()
	}
	step, err := b.open(ctx, job)
	if err != nil {
		return nil, err
	}
	defer step.work.Close()
	if err := step.reach(); err != nil {
		return nil, err
	}
	if err := step.placeNeeded(); err != nil {
		return nil, err
	}
	recipe, err := step.recipe()
	if err != nil {
		return nil, err
	}
	built, err := recipe.run(step)
	if err != nil {
		return nil, step.blame(err)
	}
	step.result.Recipe = recipe.String()
	if err := step.finish(built); err != nil {
		return nil, err
	}
	return &step.result, nil
}

// builtModule is a .ko as the recipe left it.
type builtModule struct {
	path  string // below the foreign tree
	dest  string // the name it is installed under, without .ko
	strip bool
}

type recipe interface {
	fmt.Stringer
	run(*steps) ([]builtModule, error)
}
