package recipe

import (
	"cmp"
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"mago/kbuild/kernel"
	"mago/kbuild/sandbox"
)

// Run runs a program in the sandbox; by default it works in the workspace.
func (w *Workspace) Run(ctx context.Context, spec sandbox.Spec) error {
	spec.Work = cmp.Or(spec.Work, w.dir)
	spec.Env, spec.Mounts = append(w.environment(), spec.Env...), slices.Concat(w.mounts, w.Job.Kernel.Mounts())
	if err := w.checkMounts(); err != nil {
		return err
	}
	err := w.Sandbox.Run(ctx, spec, w.Host.Run)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if errors.As(err, new(*sandbox.BrokenError)) && w.touched && w.isClosed(ctx, spec) {
		return &Error{"source", errors.New("an earlier step has removed or closed the directory that the build works in")}
	}
	return err
}

// isClosed reports whether it is the directory that keeps programs from being started: a build can do that to its own.
func (w *Workspace) isClosed(ctx context.Context, spec sandbox.Spec) bool {
	try := sandbox.Spec{Args: []string{"true"}}
	if w.Sandbox.Run(ctx, try, w.Host.Run) != nil {
		return false
	}
	try.Work, try.Dir = spec.Work, spec.Dir
	return w.Sandbox.Run(ctx, try, w.Host.Run) != nil
}

// environment pins what would otherwise get from this machine into the modules. As dkms does, it names the kernel's
// compiler for what a source compiles outside of kbuild: cc may be another, or not installed. ARCH is left to kbuild:
// there are Makefiles that know x86_64 and not x86.
func (w *Workspace) environment() []string {
	compiler := cmp.Or(w.Job.Kernel.Compiler.String(), "gcc")
	env := []string{
		"PATH=" + w.path(),
		"CC=" + compiler, "KERNEL_CC=" + compiler,
		"KBUILD_BUILD_USER=mago", "KBUILD_BUILD_HOST=mago",
		"KBUILD_BUILD_TIMESTAMP=" + w.Job.Epoch.UTC().Format("2006-01-02 15:04:05 UTC"),
		"SOURCE_DATE_EPOCH=" + strconv.FormatInt(w.Job.Epoch.Unix(), 10),
	}
	env = append(env, w.Job.processors()...)
	if len(w.symvers) > 0 {
		env = append(env, "KBUILD_EXTRA_SYMBOLS="+strings.Join(w.symvers, " "))
	}
	var flags []string
	if w.noSymbols {
		flags = append(flags, "-g0")
	}
	if work := w.Sandbox.Path(w.dir); work != sandbox.WorkDir {
		moved := "-ffile-prefix-map=" + work + "=" + sandbox.WorkDir // __FILE__, and the build id over debugging symbols
		env, flags = append(env, "KAFLAGS="+moved), append(flags, moved)
	}
	if len(flags) > 0 {
		env = append(env, compilerFlags+"="+strings.Join(flags, " "))
	}
	return env
}

// path is the programs' PATH. Those of mago's own do without the build's directory, to which the recipe can have written.
func (w *Workspace) path() string {
	dirs := strings.Join(sandbox.ProgramDirs, ":")
	if w.ours {
		return dirs
	}
	return w.Inside(unameDir) + ":" + dirs
}

// Shown gives a *ReachError where root would show a build what its user could not get to.
func (w *Workspace) Shown() error {
	if w.Sandbox.ByRoot || w.Sandbox.Mounts {
		return w.Sandbox.Closed(w.dir, entered(w.Job.Kernel)...)
	}
	return nil
}

// Explain tells whether a recipe failed because the build user cannot enter what every build has to, and gives failed where it can.
// It looks at nothing that the recipe could have closed itself.
func Explain(ctx context.Context, w *Workspace, failed error) error {
	if ctx.Err() != nil {
		return failed
	}
	w.Through()
	return cmp.Or(closed(ctx, w), failed)
}

// entered are the directories of a kernel's headers that a build enters.
func entered(k kernel.Kernel) []string {
	return slices.DeleteFunc([]string{k.Headers, k.Common, k.Build}, func(dir string) bool { return dir == "" })
}

// closed is a *sandbox.ReachError, a *sandbox.BrokenError where the sandbox itself keeps the user out, or nil.
func closed(ctx context.Context, w *Workspace) error {
	args := []string{"ls", "-d", "--"}
	headers := entered(w.Job.Kernel)
	for _, dir := range headers {
		args = append(args, dir+"/.")
	}
	complaint := &boundedBuffer{limit: confLimit}
	err := w.Run(ctx, sandbox.Spec{Args: args, Stderr: complaint})
	if !exited(err) && !errors.As(err, new(*sandbox.BrokenError)) {
		return nil
	}
	said, reach := string(complaint.held), w.Sandbox.Closed(filepath.Dir(w.dir), headers...)
	if reach != nil && strings.Contains(said, "ermission denied") {
		return reach
	}
	return w.broken("enter the directories that a build needs", said)
}

// broken is the error of a sandbox that failed by itself, with the first line that was said of it.
func (w *Workspace) broken(doing, complaint string) error {
	why, _, _ := strings.Cut(strings.TrimSpace(complaint), "\n")
	return &sandbox.BrokenError{Kind: w.Sandbox.Kind, Doing: doing, Why: why}
}

// exited reports whether err is a program's own failure, not the sandbox's or the context's.
func exited(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit)
}
