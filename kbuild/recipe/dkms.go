package recipe

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"mago/kbuild/dkms"
	"mago/kbuild/kernel"
	"mago/kbuild/sandbox"
)

// dkmsConf follows a dkms.conf, as dkms 3 does on Debian.
type dkmsConf struct{}

func (dkmsConf) Name() string { return confFile }

func (dkmsConf) Needs(job Job) ([]*kernel.ToolError, error) {
	if job.Conf == nil {
		return nil, nil
	}
	patches, err := job.Conf.Patches()
	if err != nil {
		return nil, &Error{confFile, err}
	}
	needs := interpreters(job)
	if len(patches) > 0 {
		needs = append(needs, kernel.NewToolError("patch", "patch", "dkms.conf has patches to apply"))
	}
	return needs, nil
}

func (r dkmsConf) Run(ctx context.Context, w *Workspace) (*Staged, error) {
	conf, err := confOf(ctx, w)
	if err != nil {
		return nil, err
	}
	modules, err := chosen(w, conf)
	if err != nil {
		return nil, err
	}
	job := w.Job
	job.Conf = conf
	if err := w.checkNeeds(r, job); err != nil {
		return nil, err
	}
	if err := w.placeSource(ctx, conf.Name, conf.Version); err != nil {
		return nil, err
	}
	build, err := w.prepare(ctx, conf.Name, conf.Version)
	if err != nil {
		return nil, err
	}
	added, closed, err := additions(w.Root, conf.Name)
	if err != nil {
		return nil, err
	}
	for _, file := range closed {
		w.Warn("builds cannot read %s, so it does not count", filepath.Join(settingsDir, conf.Name, file))
	}
	if allStripped(modules) {
		if err := w.dropSymbols(); err != nil {
			return nil, err
		}
	}
	b := &dkmsBuild{w.in(build), conf, added}
	staged, err := b.run(ctx, modules)
	return staged, b.explainBranch(b.blame(err))
}

func allStripped(modules []dkms.Module) bool {
	return !slices.ContainsFunc(modules, func(m dkms.Module) bool { return !m.Strip })
}

// confOf is what the job knows of the file, or its evaluation.
func confOf(ctx context.Context, w *Workspace) (conf *dkms.Conf, err error) {
	if conf = w.Job.Conf; conf == nil {
		if conf, err = evaluate(ctx, w); err != nil {
			return nil, err
		}
	}
	w.Log.Write([]byte(conf.Said))
	source := conf.Name + "-" + conf.Version
	return conf.Moved(filepath.Join(usrSrc, source), filepath.Join(w.sources(), source)).Moved(sandbox.WorkDir, w.Inside("")), nil
}

// chosen are the modules that the kernel is to have. What is odd about the file is told in the log, and on the screen
// where it may not do what it was written for.
func chosen(w *Workspace, conf *dkms.Conf) ([]dkms.Module, error) {
	for _, warning := range conf.Warnings() {
		w.Log.Note("warning: dkms.conf: %s", warning)
	}
	for _, mistake := range conf.Mistakes() {
		w.Warn("dkms.conf: %s", mistake)
	}
	k := w.Job.Kernel
	modules, excluded := conf.For(dkms.Kernel{Release: k.Release, Arch: k.Arch, Config: k.Config()})
	if len(modules) == 0 {
		return nil, &NotMeantError{excluded[0].Reason}
	}
	for _, e := range excluded {
		w.Log.Note("%s is not meant for this kernel: %s", e.Module.Dest, e.Reason)
	}
	if names := conf.BuildDepends(); len(names) > 0 {
		w.Log.Note("BUILD_DEPENDS: dkms would require these to be installed: %s", strings.Join(names, " "))
	}
	return modules, nil
}

// dkmsBuild is a build by an evaluated dkms.conf.
type dkmsBuild struct {
	*steps
	conf  *dkms.Conf
	added []string // see additions
}

func (b *dkmsBuild) run(ctx context.Context, modules []dkms.Module) (*Staged, error) {
	if err := b.add(); err != nil {
		return nil, err
	}
	b.checkEnvironment()
	if err := b.runAdded(ctx); err != nil {
		return nil, err
	}
	if err := b.patch(ctx); err != nil {
		return nil, err
	}
	if err := b.runScript(ctx, "PRE_BUILD"); err != nil {
		return nil, err
	}
	if err := b.make(ctx); err != nil {
		return nil, err
	}
	if err := b.runScript(ctx, "POST_BUILD"); err != nil {
		return nil, err
	}
	hooks, err := b.hooks(ctx)
	if err != nil {
		return nil, err
	}
	built, err := b.collect(ctx, modules)
	return &Staged{Name: b.conf.Name, Version: b.conf.Version, Recipe: confFile, Modules: built, Hooks: hooks}, err
}

func (b *dkmsBuild) patch(ctx context.Context) error {
	patches, err := b.conf.Patches()
	if err != nil {
		return &Error{confFile, err}
	}
	for _, patch := range patches {
		if _, err := b.files.Stat(filepath.Join(b.build, patchesDir, patch)); errors.Is(err, fs.ErrNotExist) {
			return &Error{confFile, fmt.Errorf("PATCH names %s, which is not in the source's directory patches", patch)}
		}
		if err := b.do(ctx, "PATCH", patch, "patch", "-p1", "--input", "patches/"+patch); err != nil {
			return err
		}
	}
	return nil
}

func (b *dkmsBuild) make(ctx context.Context) error {
	command := strings.Join(append([]string{b.conf.MakeCommand()}, b.Job.Kernel.Toolchain()...), " ")
	server, err := b.jobserver(ctx)
	if err != nil {
		return err
	}
	jobs := b.Job.Told()
	if limit := b.conf.Jobs(); limit > 0 {
		server.client.AtMost(limit)
		jobs = min(jobs, limit)
	}
	args := b.program(dkms.Make, "MAKE", b.Inside(filepath.Join(sourceDir(b.conf.Name, b.conf.Version), confFile)), command)
	args = append(args, b.confVariables(b.conf.Name, b.conf.Version, jobs)...)
	if dkms.OnlyMakes(command) {
		args = append(args, "mago_each=1")
	}
	if len(b.Job.MakeArguments) > 0 {
		args = append(args, "mago_arguments="+b.makeArguments(command))
	}
	b.server = server
	err = b.do(ctx, "MAKE", command, append(args, "build_environment="+b.conf.Environment(), "mago_makeflags="+server.makeflags())...)
	b.server = jobserver{}
	if err == nil {
		b.warnOfLostFlags(ctx, command)
	}
	return err
}

// exported are the variables that dkms has in the environment of all that it runs.
func (b *dkmsBuild) exported() []string {
	k := b.Job.Kernel
	return []string{"kernelver=" + k.Release, "arch=" + k.Arch, "module=" + b.conf.Name, "module_version=" + b.conf.Version}
}

// program is the command that runs a bash script of mago's own with these variables.
func (b *dkmsBuild) program(script string, args ...string) []string {
	return slices.Concat([]string{"env"}, b.exported(), []string{"bash", "-c", script}, args)
}

// runScript runs a directive's script of the source, with its arguments. One that is no executable file is passed over.
func (b *dkmsBuild) runScript(ctx context.Context, directive string) error {
	command := strings.TrimSpace(b.conf.Value(directive))
	if command == "" {
		return nil
	}
	if script := b.script(directive); errors.Is(checkScript(b.files, filepath.Join(b.build, script)), errNoHook) {
		b.passOver(directive, script)
		return nil
	}
	return b.do(ctx, directive, command, b.program(dkms.Hook, directive, command, b.conf.Environment())...)
}

// runAdded runs POST_ADD, which prepares sources once they are in dkms's tree. As with dkms, its failure is none of the build's.
func (b *dkmsBuild) runAdded(ctx context.Context) error {
	err := b.runScript(ctx, "POST_ADD")
	if failed := (*CompileError)(nil); errors.As(err, &failed) {
		b.Warn("%v; the build goes on, as with dkms", err)
		return nil
	}
	return err
}
