package kbuild

import (
	"fmt"
	"path/filepath"
	"strings"

	"mago/kbuild/dkms"
	"mago/kbuild/kernel"
	"mago/kbuild/sandbox"
)

// dkmsRecipe follows a dkms.conf, as dkms 3 does on Debian.
type dkmsRecipe struct {
	conf    *dkms.Conf
	modules []dkms.Module // those that the kernel at hand is to have
}

func (*dkmsRecipe) String() string { return "dkms.conf" }

func (r *dkmsRecipe) run(s *steps) ([]builtModule, error) {
	if err := r.know(s); err != nil {
		return nil, err
	}
	if err := r.choose(s); err != nil {
		return nil, err
	}
	if err := s.showSource(s.job.Source, r.conf.Name, r.conf.Version, true); err != nil {
		return nil, err
	}
	if err := s.prepare(r.conf.Name, r.conf.Version); err != nil {
		return nil, err
	}
	return r.compile(s)
}

// know takes what the job knows of the file, or has it evaluated. The file is put in place once more: it may have changed itself.
func (r *dkmsRecipe) know(s *steps) (err error) {
	conf := s.job.Conf
	if conf == nil {
		if conf, err = r.evaluate(s); err != nil {
			return err
		}
	}
	s.log.Write([]byte(conf.Said))
	r.conf = conf.Moved(sandbox.WorkDir, s.inside(""))
	return r.place(s)
}

// choose finds out which modules the kernel is to have, and tells in the log what is odd about the file.
func (r *dkmsRecipe) choose(s *steps) error {
	for _, warning := range r.conf.Warnings() {
		s.log.note("warning: dkms.conf: %s", warning)
	}
	k := s.job.Kernel
	modules, excluded, err := r.conf.For(dkms.Kernel{Release: k.Release, Arch: k.Arch, Config: k.Config})
	switch {
	case err != nil:
		return &RecipeError{r.String(), err}
	case len(modules) == 0:
		return &NotMeantError{excluded[0].Reason}
	}
	for _, e := range excluded {
		s.log.note("%s is not meant for this kernel: %s", e.Module.Dest, e.Reason)
	}
	if names := r.conf.BuildDepends(); len(names) > 0 {
		s.log.note("BUILD_DEPENDS: dkms would require these to be installed: %s", strings.Join(names, " "))
	}
	r.modules = modules
	return nil
}

func (r *dkmsRecipe) compile(s *steps) ([]builtModule, error) {
	release := s.job.Kernel.Release
	patches, err := r.conf.Patches(release)
	if err != nil {
		return nil, &RecipeError{r.String(), err}
	}
	command, err := r.conf.MakeCommand(release)
	if err != nil {
		return nil, &RecipeError{r.String(), err}
	}
	if len(patches) > 0 && !kernel.HasTool(s.Root, "patch") {
		return nil, kernel.NewToolError("patch", "patch", "dkms.conf has patches to apply")
	}
	for _, patch := range patches {
		if err := s.do("PATCH", patch, "patch", "-p1", "--input", "patches/"+patch); err != nil {
			return nil, err
		}
	}
	if err := s.hook("PRE_BUILD", r.conf.Value("PRE_BUILD")); err != nil {
		return nil, err
	}
	command = strings.Join(append([]string{command}, s.job.Kernel.Toolchain()...), " ")
	args := []string{"bash", "-c", dkms.Make, "MAKE", s.inside(filepath.Join(confDir, "dkms.conf")), command}
	if err := s.do("MAKE", command, append(args, r.variables(s)...)...); err != nil {
		return nil, err
	}
	if err := s.hook("POST_BUILD", r.conf.Value("POST_BUILD")); err != nil {
		return nil, err
	}
	if s.result.Hooks, err = r.hooks(s); err != nil {
		return nil, err
	}
	return r.collect(s)
}

// variables are those that MAKE sees.
func (r *dkmsRecipe) variables(s *steps) []string {
	jobs := s.job.Jobs
	if limit := r.conf.Jobs(); limit > 0 {
		jobs = min(jobs, limit)
	}
	return s.dkmsVariables(s.tree, r.conf.Name, r.conf.Version, jobs)
}

// hook runs a script of the source with its arguments.
func (s *steps) hook(directive, command string) error {
	if strings.TrimSpace(command) == "" {
		return nil
	}
	return s.do(directive, command, "bash", "-c", dkms.Hook, directive, directive, command)
}

// collect finds the modules that the file promises.
func (r *dkmsRecipe) collect(s *steps) ([]builtModule, error) {
	var built []builtModule
	for _, m := range r.modules {
		path := filepath.Join(s.build, m.Location, m.Name+".ko")
		info, err := s.work.Lstat(path)
		if err != nil || !info.Mode().IsRegular() {
			return nil, &RecipeError{r.String(), fmt.Errorf("it names %s, which the build did not make", filepath.Join(m.Location, m.Name+".ko"))}
		}
		built = append(built, builtModule{path: path, dest: m.Dest, strip: m.Strip})
	}
	return built, nil
}
