package kbuild

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"mago/kbuild/dkms"
	"mago/kbuild/sandbox"
)

// confDir is where a dkms.conf lies below the foreign tree while it is evaluated; no PACKAGE_NAME begins like this.
const confDir = "_conf"

// confLimit is how much the evaluation of a dkms.conf may print.
const confLimit = 1 << 20

// dkmsRecipe follows a dkms.conf, as dkms 3 does on Debian.
type dkmsRecipe struct{ conf *dkms.Conf }

func (*dkmsRecipe) String() string { return "dkms.conf" }

func (r *dkmsRecipe) run(s *steps) ([]builtModule, error) {
	if err := r.evaluate(s); err != nil {
		return nil, err
	}
	k := s.job.Kernel
	reason, err := r.conf.Exclusive(k.Release, k.Arch, k.Config)
	if err != nil {
		return nil, &RecipeError{r.String(), err}
	}
	if reason != "" {
		return nil, &NotMeantError{s.job.Source.Name, k.Release, reason}
	}
	if err := s.placeSource(r.conf.Name, r.conf.Version); err != nil {
		return nil, err
	}
	if err := s.prepare(r.conf.Name, r.conf.Version); err != nil {
		return nil, err
	}
	return r.compile(s)
}

// evaluate has bash read the file. $module and $module_version are first guessed from the directory's name, as
// dkms takes them from its command line, and put right by a second reading where the file says otherwise.
func (r *dkmsRecipe) evaluate(s *steps) error {
	name, version := splitDir(s.job.Source.Dir)
	for range 2 {
		conf, err := r.read(s, name, version)
		if err != nil {
			return err
		}
		r.conf = conf
		if conf.Name == name && conf.Version == version {
			break
		}
		name, version = conf.Name, conf.Version
	}
	return nil
}

// splitDir splits /usr/src/<name>-<version> as dkms's own tree is named.
func splitDir(dir string) (name, version string) {
	base := filepath.Base(dir)
	if i := strings.LastIndexByte(base, '-'); i > 0 {
		return base[:i], base[i+1:]
	}
	return base, ""
}

func (r *dkmsRecipe) read(s *steps, name, version string) (*dkms.Conf, error) {
	if err := r.place(s); err != nil {
		return nil, err
	}
	limit := cmp.Or(s.ConfTimeout, DefaultConfTimeout)
	ctx, cancel := context.WithTimeoutCause(s.ctx, limit, &RecipeError{r.String(), fmt.Errorf("reading it did not end within %s", limit)})
	defer cancel()
	out, complaint := &boundedBuffer{limit: confLimit}, &boundedBuffer{limit: confLimit}
	work := filepath.Join(s.tree, confDir)
	args := []string{"bash", "-c", dkms.Script, "evaluate", filepath.Join(s.Room.Path(work), "dkms.conf")}
	err := s.runIn(ctx, sandbox.Spec{Args: append(args, s.dkmsVariables(name, version)...), Work: work, Stdout: out, Stderr: complaint})
	s.log.Write(complaint.held)
	if out.over || complaint.over {
		return nil, &RecipeError{r.String(), fmt.Errorf("reading it printed more than %d bytes", confLimit)}
	}
	if err != nil && !exited(err) {
		return nil, err
	}
	parsed, err := dkms.Parse(out.held)
	if err != nil {
		return nil, &RecipeError{r.String(), fmt.Errorf("%w%s", err, bashComplaint(string(complaint.held)))}
	}
	return parsed, nil
}

// place puts the file alone into a directory of its own: while it is evaluated nothing else can be written to. It is
// read through os.Root, because a link in the source could name a file that only root may read.
func (r *dkmsRecipe) place(s *steps) error {
	source, err := os.OpenRoot(s.job.Source.Dir)
	if err != nil {
		return err
	}
	defer source.Close()
	text, err := source.ReadFile("dkms.conf")
	if err != nil {
		return &RecipeError{r.String(), err}
	}
	if err := errors.Join(s.work.RemoveAll(confDir), s.work.Mkdir(confDir, 0o755)); err != nil {
		return err
	}
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	if err := s.work.WriteFile(filepath.Join(confDir, "dkms.conf"), text, 0o644); err != nil {
		return err
	}
	return s.Room.Own(filepath.Join(s.tree, confDir))
}

// bashComplaint is the first line that bash itself had to say of the file.
func bashComplaint(stderr string) string {
	for line := range strings.Lines(stderr) {
		if i := strings.Index(line, "dkms.conf: line "); i >= 0 {
			return " (" + strings.TrimSpace(line[i+len("dkms.conf: "):]) + ")"
		}
	}
	return ""
}

// dkmsVariables are those that a dkms.conf may read (dkms(8), "DKMS.CONF VARIABLES") and those it does in the wild.
func (s *steps) dkmsVariables(name, version string) []string {
	k := s.job.Kernel
	tree := s.Room.Path(s.tree)
	return []string{
		"kernelver=" + k.Release, "arch=" + k.Arch, "kernel_source_dir=" + cmp.Or(k.Build, k.Headers),
		"dkms_tree=" + tree, "source_tree=/usr/src", "install_tree=/lib/modules",
		"module=" + name, "module_version=" + version, "parallel_jobs=" + strconv.Itoa(s.job.Jobs),
	}
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
	if len(patches) > 0 && !HasTool(s.Root, "patch") {
		return nil, &ToolError{"patch", "patch", "dkms.conf has patches to apply"}
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
	if err := s.do("MAKE", command, append(args, s.dkmsVariables(r.conf.Name, r.conf.Version)...)...); err != nil {
		return nil, err
	}
	if err := s.hook("POST_BUILD", r.conf.Value("POST_BUILD")); err != nil {
		return nil, err
	}
	return r.collect(s)
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
	for _, m := range r.conf.Modules() {
		path := filepath.Join(s.build, m.Location, m.Name+".ko")
		info, err := s.work.Lstat(path)
		if err != nil || !info.Mode().IsRegular() {
			return nil, &RecipeError{r.String(), fmt.Errorf("it promises %s, which the build did not give", filepath.Join(m.Location, m.Name+".ko"))}
		}
		built = append(built, builtModule{path: path, dest: m.Dest, strip: m.Strip})
	}
	return built, nil
}
