package kbuild

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"mago/kbuild/sandbox"
)

// steps runs the programs of one job, one after the other, in the builder's room.
type steps struct {
	*Builder
	ctx   context.Context
	job   Job
	build string            // the build directory, below the work directory
	extra map[string]string // shown read-only at another place: see sandbox.Spec.Overlay
}

// prepare copies the source to <work>/<name>/<version>/build, dkms's own layout, and hands it to the build user.
func (s *steps) prepare(name, version string) error {
	s.build = filepath.Join(name, version, "build")
	if err := copyTree(s.job.Source.Dir, filepath.Join(s.job.Work, s.build)); err != nil {
		return fmt.Errorf("copy the source of %s: %w", s.job.Source.Name, err)
	}
	return s.Room.Own(s.job.Work)
}

// inside is the path that programs in the room know a file of the work directory by.
func (s *steps) inside(path string) string { return filepath.Join(s.Room.Path(s.job.Work), path) }

// do runs one program of the recipe in the build directory, its output in the log. A program that fails gives a
// *CompileError that names the step.
func (s *steps) do(step string, args ...string) error {
	progress := &progressWriter{event: s.Event}
	out := io.MultiWriter(s.Log, progress)
	fmt.Fprintf(s.Log, "mago: %s: %s\n", step, shown(args))
	err := s.run(sandbox.Spec{Args: args, Dir: s.build, Stdout: out, Stderr: out})
	if exited(err) {
		return &CompileError{Step: step, Message: progress.errors.within(s.inside(s.build)), Err: err}
	}
	return err
}

// shown is a command line for the log; a program given as text to bash stands there as its name alone.
func shown(args []string) string {
	if len(args) > 4 && args[0] == "bash" && args[1] == "-c" {
		args = args[3:]
	}
	return strings.Join(args, " ")
}

func (s *steps) run(spec sandbox.Spec) error { return s.runIn(s.ctx, spec) }

func (s *steps) runIn(ctx context.Context, spec sandbox.Spec) error {
	spec.Work, spec.Env, spec.Overlay = s.job.Work, s.environment(), s.extra
	if dir := s.job.Kernel.Headers; !strings.HasPrefix(dir, "/usr/") {
		spec.ReadOnly = append(spec.ReadOnly, dir)
	}
	cmd := s.Room.Command(ctx, spec)
	run := s.Builder.Run
	if run == nil {
		run = (*exec.Cmd).Run
	}
	err := run(cmd)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// environment pins what would otherwise get from this machine into the modules.
func (s *steps) environment() []string {
	return []string{
		"KBUILD_BUILD_USER=mago", "KBUILD_BUILD_HOST=mago",
		"KBUILD_BUILD_TIMESTAMP=" + s.job.Epoch.UTC().Format("2006-01-02 15:04:05 UTC"),
		"SOURCE_DATE_EPOCH=" + strconv.FormatInt(s.job.Epoch.Unix(), 10),
		"ARCH=" + kbuildArch(s.job.Kernel.Arch),
	}
}

// kbuildArch is the kernel's name of an architecture (its directory under arch/), from uname -m's.
func kbuildArch(machine string) string {
	switch {
	case machine == "x86_64", machine == "i686":
		return "x86"
	case machine == "aarch64":
		return "arm64"
	case strings.HasPrefix(machine, "armv"):
		return "arm"
	case strings.HasPrefix(machine, "ppc"):
		return "powerpc"
	case strings.HasPrefix(machine, "s390"):
		return "s390"
	case strings.HasPrefix(machine, "riscv"):
		return "riscv"
	case strings.HasPrefix(machine, "mips"):
		return "mips"
	case strings.HasPrefix(machine, "loongarch"):
		return "loongarch"
	}
	return machine
}

// exited reports whether err is a program's own failure, not the room's or the context's.
func exited(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit)
}
