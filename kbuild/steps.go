package kbuild

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"mago/kbuild/deep"
	"mago/kbuild/sandbox"
)

// steps runs the programs of one job, one after the other, in the builder's sandbox.
type steps struct {
	*Builder
	ctx     context.Context
	job     Job
	log     *boundedLog
	tree    string          // host path of the foreign tree, below the work directory: what programs in the sandbox can write to
	work    *os.Root        // the same; foreign programs write there, so nothing in it is reached by host path
	build   string          // the build directory, below the foreign tree
	mounts  []sandbox.Mount // of the foreign tree, what programs find at another path, too
	symvers []string        // the Module.symvers of modules that this one needs, inside

	touched bool // whether a program of the recipe's has run
	through bool // whether the recipe's own programs have all run

	result   Result        // what the build gives, as far as it is known
	unheeded *CompileError // the first that a step printed and still ended well
}

// foreignTree is the directory below the work directory that belongs to the build user.
const foreignTree = "room"

// open makes what the steps of one job share.
func (b *Builder) open(ctx context.Context, job Job) (*steps, error) {
	log := &boundedLog{to: b.Log, limit: cmp.Or(b.LogLimit, DefaultLogLimit)}
	if log.to == nil {
		log.to = io.Discard
	}
	tree, err := b.Sandbox.MakeWork(job.Work, foreignTree)
	if err != nil {
		return nil, fmt.Errorf("make the work directory: %w", err)
	}
	if err := job.Kernel.Apart(job.Work); err != nil {
		return nil, err
	}
	work, err := os.OpenRoot(tree)
	if err != nil {
		return nil, fmt.Errorf("open the work directory: %w", err)
	}
	job.Jobs = max(job.Jobs, 2) // with one, make says other things, and there are sources that what it says gets into
	s := &steps{Builder: b, ctx: ctx, job: job, log: log, tree: tree, work: work}
	if err := errors.Join(s.placeUname(""), s.Sandbox.Own(tree)); err != nil {
		return nil, errors.Join(err, work.Close())
	}
	return s, nil
}

// prepare copies the source to <tree>/<name>/<version>/build, dkms's own layout, and hands it to the build user. The
// directory beside it is the one that dkms keeps a kernel's results in; some POST_BUILD write there.
func (s *steps) prepare(name, version string) error {
	s.result.Name, s.result.Version = name, version
	tree := filepath.Join(name, version)
	s.build = filepath.Join(tree, "build")
	if err := s.work.MkdirAll(filepath.Join(tree, s.job.Kernel.Release, s.job.Kernel.Arch), 0o755); err != nil {
		return err
	}
	if err := s.copyTree(s.job.Source, s.build); err != nil {
		return fmt.Errorf("copy the source of %s: %w", s.job.Source.Name, err)
	}
	return s.Sandbox.Own(s.tree)
}

// inside is the path that programs in the sandbox know a file of the foreign tree by.
func (s *steps) inside(path string) string { return filepath.Join(s.Sandbox.Path(s.tree), path) }

// reach tries whether the build user can enter all that it has to.
func (s *steps) reach() error {
	k := s.job.Kernel
	dirs := slices.DeleteFunc([]string{k.Headers, k.Common, k.Build}, func(dir string) bool { return dir == "" })
	args := []string{"ls", "-d", "--", s.inside(".")}
	for _, dir := range dirs {
		args = append(args, dir+"/.")
	}
	closed := s.Sandbox.Closed(s.tree, dirs...)
	if closed != nil && s.Sandbox.ByRoot { // root shows what the user could not get to
		return closed
	}
	complaint := &boundedBuffer{limit: confLimit}
	err := s.run(sandbox.Spec{Args: args, Stderr: complaint})
	if !exited(err) && !errors.As(err, new(*sandbox.BrokenError)) {
		return err
	}
	said := string(complaint.held)
	if closed != nil && strings.Contains(said, "ermission denied") {
		return closed
	}
	return s.broken("enter the directories that a build needs", said)
}

// broken is the error of a sandbox that failed by itself, with the first line that was said of it.
func (s *steps) broken(doing, complaint string) error {
	why, _, _ := strings.Cut(strings.TrimSpace(complaint), "\n")
	return &sandbox.BrokenError{Kind: s.Sandbox.Kind, Doing: doing, Why: why}
}

// do runs one program of the recipe in the build directory, its output in the log below a line that shows the command.
// A program that fails gives a *CompileError that names the step.
func (s *steps) do(step, command string, args ...string) error {
	ctx, cancel := context.WithCancelCause(s.ctx)
	defer cancel(nil)
	progress := &progressWriter{event: s.Event}
	out := io.MultiWriter(s.log, progress, &flood{limit: s.Sandbox.Limits, over: cancel})
	s.log.note("%s: %s", step, command)
	err := s.runIn(ctx, sandbox.Spec{Args: args, Dir: s.build, Stdout: out, Stderr: out})
	s.touched = true
	progress.close()
	var broken *sandbox.BrokenError
	switch {
	case errors.As(err, &broken):
		broken.Why = progress.errors.within(s.inside(s.build))
		return fmt.Errorf("%s: %w", step, err)
	case errors.As(err, new(*sandbox.LimitError)):
		return fmt.Errorf("%s was ended: %w", step, err)
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%s: %w", step, err)
	case exited(err):
		message := progress.errors.within(s.inside(s.build))
		return s.failed(&CompileError{Step: step, Message: message, Cause: causeOf(message), Err: err})
	case err == nil && s.log.err != nil:
		return fmt.Errorf("write the build's log: %w", s.log.err)
	}
	if message := progress.errors.within(s.inside(s.build)); err == nil && progress.errors.rank == 1 && s.unheeded == nil {
		s.unheeded = &CompileError{Step: step, Message: message, Cause: causeOf(message)}
	}
	return err
}

// failed finds out more of a step's cause where that is not in what the step has printed.
func (s *steps) failed(err *CompileError) error {
	c := &err.Cause
	if err.Message == "" {
		c.Kind = endedBy(err.Err)
	}
	c.Limit = s.Sandbox.Limits.Inherited(limits[c.Kind])
	switch {
	case c.Kind == CauseSpace && s.Sandbox.Kind == sandbox.Bubblewrap && s.diskHasSpace():
		c.Kind = CauseScratch
	case c.Kind == CauseFileSize && c.Limit == "" && s.Sandbox.Limits.Output > 0:
		return fmt.Errorf("%s was ended: %w", err.Step, s.Sandbox.Limits.Exceeded("output"))
	}
	return err
}

// endedBy is what a signal of the kernel's, which the warden passes on as shells do, says of the machine.
func endedBy(err error) CauseKind {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return ""
	}
	return map[int]CauseKind{128 + int(syscall.SIGXCPU): CauseTime, 128 + int(syscall.SIGXFSZ): CauseFileSize, 128 + int(syscall.SIGKILL): CauseMemory,
		128 + int(syscall.SIGTERM): CauseEnded, 128 + int(syscall.SIGBUS): CauseBus}[exit.ExitCode()]
}

// diskHasSpace reports whether so much of the disk is free that it cannot have been full a moment ago.
func (s *steps) diskHasSpace() bool {
	const plenty = 256 << 20
	var disk unix.Statfs_t
	return unix.Statfs(s.tree, &disk) == nil && int64(disk.Bavail)*disk.Bsize > plenty
}

// blame gives a compiler's error that its step took no notice of, where the recipe then lacks what it promises.
func (s *steps) blame(err error) error {
	var recipe *RecipeError
	if s.unheeded == nil || !errors.As(err, &recipe) {
		return err
	}
	s.unheeded.Err = err
	return s.unheeded
}

func (s *steps) run(spec sandbox.Spec) error { return s.runIn(s.ctx, spec) }

func (s *steps) runIn(ctx context.Context, spec sandbox.Spec) error {
	spec.Work = cmp.Or(spec.Work, s.tree)
	spec.Env, spec.Mounts = s.environment(), slices.Concat(s.mounts, s.job.Kernel.Mounts())
	if err := s.checkMounts(); err != nil {
		return err
	}
	err := s.Sandbox.Run(ctx, spec, s.Builder.Run)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if errors.As(err, new(*sandbox.BrokenError)) && s.touched && s.isClosed(ctx, spec) {
		return &RecipeError{"source", errors.New("an earlier step has removed or closed the directory that the build works in")}
	}
	return err
}

// isClosed reports whether it is the directory that keeps programs from being started: a build can do that to its own.
func (s *steps) isClosed(ctx context.Context, spec sandbox.Spec) bool {
	try := sandbox.Spec{Args: []string{"true"}}
	if s.Sandbox.Run(ctx, try, s.Builder.Run) != nil {
		return false
	}
	try.Work, try.Dir = spec.Work, spec.Dir
	return s.Sandbox.Run(ctx, try, s.Builder.Run) != nil
}

// environment pins what would otherwise get from this machine into the modules. As dkms does, it names the kernel's
// compiler for what a source compiles outside of kbuild: cc may be another, or not installed. ARCH is left to kbuild:
// there are Makefiles that know x86_64 and not x86.
func (s *steps) environment() []string {
	compiler := cmp.Or(s.job.Kernel.Compiler.String(), "gcc")
	env := []string{
		"PATH=" + s.path(),
		"CC=" + compiler, "KERNEL_CC=" + compiler,
		"KBUILD_BUILD_USER=mago", "KBUILD_BUILD_HOST=mago",
		"KBUILD_BUILD_TIMESTAMP=" + s.job.Epoch.UTC().Format("2006-01-02 15:04:05 UTC"),
		"SOURCE_DATE_EPOCH=" + strconv.FormatInt(s.job.Epoch.Unix(), 10),
	}
	if len(s.symvers) > 0 {
		env = append(env, "KBUILD_EXTRA_SYMBOLS="+strings.Join(s.symvers, " "))
	}
	if work := s.Sandbox.Path(s.tree); work != sandbox.WorkDir {
		moved := "-ffile-prefix-map=" + work + "=" + sandbox.WorkDir // __FILE__, and the build id over debugging symbols
		env = append(env, "KCFLAGS="+moved, "KAFLAGS="+moved)
	}
	return env
}

// remove removes what a build has left at a path below the work directory.
func (s *steps) remove(path string) error {
	in, err := s.work.Open(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer in.Close()
	return deep.RemoveAt(int(in.Fd()), filepath.Base(path))
}

// walk is fs.WalkDir over what a build has left, which may be made to take for ever: it ends with the build's time, and
// does not go deeper than sandbox.MaxDepth.
func (s *steps) walk(dir string, visit fs.WalkDirFunc) error {
	return fs.WalkDir(s.work.FS(), dir, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case s.ctx.Err() != nil:
			return context.Cause(s.ctx)
		case strings.Count(file, "/") > sandbox.MaxDepth:
			return &RecipeError{"source", fmt.Errorf("the build has made %d levels of directories", sandbox.MaxDepth)}
		}
		return visit(file, entry, err)
	})
}

// exited reports whether err is a program's own failure, not the sandbox's or the context's.
func exited(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit)
}
