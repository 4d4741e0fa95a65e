package recipe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"

	"mago/debpkg/visible"
	"mago/kbuild/sandbox"
)

// steps are the programs that a recipe runs in one build directory, one after the other.
type steps struct {
	*Workspace
	build    string         // the build directory, below the workspace
	event    func(Progress) // see Host
	server   jobserver      // what its makes share processors by; the zero value for programs that start none
	unheeded *CompileError  // the first that a step printed and still ended well
}

func (w *Workspace) in(build string) *steps {
	return &steps{Workspace: w, build: build, event: w.Event}
}

// Do runs one program of mago's own, which works on what the recipe has built; see steps.do.
func (w *Workspace) Do(ctx context.Context, step, command string, args ...string) error {
	return w.in("").do(ctx, step, command, args...)
}

// do runs one program of the recipe in the build directory, its output in the log below a line that shows the command.
// A program that fails gives a *CompileError that names the step.
func (s *steps) do(ctx context.Context, step, command string, args ...string) error {
	running, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	progress := &progressWriter{event: s.event, unseen: unseen{places: s.Workspace.unseen}}
	out := io.MultiWriter(s.Log, progress, &flood{limit: s.Sandbox.Limits, over: cancel})
	s.Log.Note("%s: %s", step, command)
	err := s.Run(running, s.joined(sandbox.Spec{Args: args, Dir: s.build, Stdout: out, Stderr: out}))
	s.touched = true
	progress.close()
	message := within(s.Inside(s.build), progress.errors.message)
	var broken *sandbox.BrokenError
	switch {
	case errors.As(err, &broken):
		broken.Why = message
		return fmt.Errorf("%s: %w", step, err)
	case errors.As(err, new(*sandbox.LimitError)):
		return fmt.Errorf("%s was ended: %w", step, err)
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%s: %w", step, err)
	case exited(err):
		return s.compileError(step, command, message, progress, err)
	case err == nil && s.Log.err != nil:
		return fmt.Errorf("write the build's log: %w", s.Log.err)
	}
	if err == nil && progress.errors.rank == 1 && s.unheeded == nil {
		s.unheeded = &CompileError{Step: step, Message: message, Cause: causeOf(message)}
	}
	return err
}

// compileError is the error of a step whose program failed, with the cause as far as it can be told. message is the first
// error that the step printed, "" where none is known to be one.
func (s *steps) compileError(step, command, message string, progress *progressWriter, err error) error {
	cause := causeOf(message)
	if message == "" {
		message, cause = s.lastWords(&progress.words, err)
	}
	if (cause.Kind == "" || cause.Kind == CauseRefusal) && progress.lacks.Kind != "" {
		cause = progress.lacks
	}
	cause = s.lookedUp(message, command, cause).instead(progress.unseen.missed, s.Sandbox.Kind)
	if progress.kernels && !cause.OfMachine() {
		cause = Cause{Kind: CauseKernelsOwn}
	}
	return s.failed(&CompileError{Step: step, Message: message, Cause: cause, Err: err})
}

// lastWords is the line that says why a step failed which printed no known error, and what it means. A word such as "undeclared"
// in that line is not a compiler's.
func (s *steps) lastWords(words *lastWords, err error) (message string, cause Cause) {
	var exit *exec.ExitError
	errors.As(err, &exit)
	var recipes []recipeLines
	if source, err := s.files.OpenRoot(s.build); err == nil {
		recipes = recipesIn(source)
		source.Close()
	}
	message = within(s.Inside(s.build), visible.Line(words.tell(exit.ExitCode(), recipes)))
	if cause = causeOf(message); cause.Kind == CauseInterface {
		cause = Cause{}
	}
	return message, cause
}

// blame gives a compiler's error that its step took no notice of, where the recipe then lacks what it promises.
func (s *steps) blame(err error) error {
	var recipe *Error
	if s.unheeded == nil || !errors.As(err, &recipe) {
		return err
	}
	s.unheeded.Err = err
	return s.unheeded
}

// failed completes a step's error by what its exit status, the kernel's headers and this machine tell; for a fault of the
// headers it gives a *kernel.HeadersError.
func (w *Workspace) failed(err *CompileError) error {
	if fault := cmp.Or(headersFault(w.Job.Kernel, err.Message), mixed(w.Job.Kernel, err.Message)); fault != nil {
		return fault
	}
	c := &err.Cause
	if c.Kind == "" {
		c.Kind = endedBy(err.Err)
	}
	c.Limit = w.Sandbox.Limits.Inherited(limits[c.Kind])
	switch {
	case c.Kind == CauseSpace && w.Sandbox.Shows() && hasSpace(w.dir):
		c.Kind = CauseScratch
	case c.Kind == CauseFileSize && c.Limit == "" && w.Sandbox.Limits.Output > 0:
		return fmt.Errorf("%s was ended: %w", err.Step, w.Sandbox.Limits.Exceeded("output"))
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

// hasSpace reports whether so much of a directory's disk is free that it cannot have been full a moment ago.
func hasSpace(dir string) bool {
	const plenty = 256 << 20
	var disk unix.Statfs_t
	return unix.Statfs(dir, &disk) == nil && int64(disk.Bavail)*disk.Bsize > plenty
}
