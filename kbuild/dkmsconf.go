package kbuild

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"mago/debpkg/rooted"
	"mago/kbuild/dkms"
	"mago/kbuild/kernel"
	"mago/kbuild/sandbox"
)

// confDir is where a dkms.conf lies below the foreign tree while it is evaluated; no PACKAGE_NAME begins like this.
const confDir = "_conf"

// confLimit is how much the evaluation of a dkms.conf may print.
const confLimit = 1 << 20

// Evaluate has bash read the dkms.conf of a job's source in the sandbox, as a build would: Job.Conf takes the result. Of
// the kernel, the release and the architecture have to be known. Errors are those of Build.
func (b *Builder) Evaluate(ctx context.Context, job Job) (*dkms.Conf, error) {
	s, err := b.open(ctx, job)
	if err != nil {
		return nil, err
	}
	defer s.work.Close()
	return (&dkmsRecipe{}).evaluate(s)
}

// evaluate gives the conf with sandbox.WorkDir for the work directory, whatever the sandbox calls that.
func (r *dkmsRecipe) evaluate(s *steps) (*dkms.Conf, error) {
	conf, err := settle(s.job.Source, func(name, version string) (*dkms.Conf, error) { return r.read(s, name, version) })
	if err != nil {
		return nil, err
	}
	return conf.Moved(s.inside(""), sandbox.WorkDir), nil
}

// settle has a file read until $module and $module_version, which dkms takes from its command line, are what it says
// itself: they are first guessed from the directory's name, and put right by a second reading.
func settle(source Source, read func(name, version string) (*dkms.Conf, error)) (*dkms.Conf, error) {
	name, version := splitDir(source.Dir)
	for again := false; ; again = true {
		conf, err := read(name, version)
		if err != nil {
			return nil, err
		}
		if conf.Placeholder() {
			conf.Version = cmp.Or(numbered(version), numbered(source.Version), "0")
		}
		if again || conf.Name == name && conf.Version == version {
			return conf, nil
		}
		name, version = conf.Name, conf.Version
	}
}

var numberedVersion = regexp.MustCompile(`^[0-9][A-Za-z0-9._+~:-]*$`)

// numbered is a version that begins as versions do and can be a directory's name, else "".
func numbered(version string) string { return numberedVersion.FindString(version) }

// splitDir splits /usr/src/<name>-<version> as dkms's own tree is named.
func splitDir(dir string) (name, version string) {
	base := filepath.Base(dir)
	if i := strings.LastIndexByte(base, '-'); i > 0 {
		return base[:i], base[i+1:]
	}
	return base, ""
}

func (r *dkmsRecipe) read(s *steps, name, version string) (conf *dkms.Conf, err error) {
	if err := r.place(s); err != nil {
		return nil, err
	}
	if err := s.placeUname(confDir); err != nil {
		return nil, err
	}
	if err := s.Sandbox.Own(filepath.Join(s.tree, confDir)); err != nil {
		return nil, err
	}
	limit := cmp.Or(s.ConfTimeout, DefaultConfTimeout)
	ctx, cancel := context.WithTimeoutCause(s.ctx, limit, &RecipeError{r.String(), fmt.Errorf("reading it did not end within %s", limit)})
	defer cancel()
	out, complaint := &boundedBuffer{limit: confLimit}, &boundedBuffer{limit: confLimit}
	defer func() {
		if err != nil {
			s.log.Write(complaint.held)
		}
	}()
	work := filepath.Join(s.tree, confDir)
	args := []string{"bash", "-c", dkms.Script, "evaluate", filepath.Join(s.Sandbox.Path(work), "dkms.conf")}
	err = s.runIn(ctx, sandbox.Spec{Args: append(args, s.dkmsVariables(work, name, version, s.job.Jobs)...), Work: work, Stdout: out, Stderr: complaint})
	if out.over || complaint.over {
		return nil, &RecipeError{r.String(), fmt.Errorf("reading it printed more than %d bytes", confLimit)}
	}
	if errors.As(err, new(*sandbox.BrokenError)) {
		return nil, s.broken("read "+r.String(), string(complaint.held))
	}
	if err != nil && !exited(err) {
		return nil, err
	}
	parsed, unread := dkms.Parse(out.held)
	if err := s.checkShortage("reading "+r.String(), string(complaint.held), cmp.Or(unread, err)); err != nil {
		return nil, err
	}
	err = unread
	if errors.Is(err, dkms.ErrUnread) {
		return nil, s.broken("read "+r.String(), string(complaint.held))
	}
	if err != nil {
		return nil, &RecipeError{r.String(), fmt.Errorf("%w%s", err, bashComplaint(string(complaint.held)))}
	}
	parsed.Said = string(complaint.held)
	return parsed, nil
}

// place puts the file alone into a directory of its own: while it is evaluated nothing else can be written to. It is
// read through os.Root, because a link in the source could name a file that only root may read.
func (r *dkmsRecipe) place(s *steps) error {
	source, err := s.job.Source.open()
	if err != nil {
		return err
	}
	defer source.Close()
	text, err := readConf(source, "dkms.conf")
	if err != nil {
		return &RecipeError{r.String(), err}
	}
	if err := errors.Join(s.remove(confDir), s.work.Mkdir(confDir, 0o755)); err != nil {
		return err
	}
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	return s.work.WriteFile(filepath.Join(confDir, "dkms.conf"), text, 0o644)
}

// bashComplaint is the first line that bash itself, or the sandbox around it, had to say.
func bashComplaint(stderr string) string {
	for line := range strings.Lines(stderr) {
		if strings.HasPrefix(line, "bwrap: ") {
			return " (" + strings.TrimSpace(line) + ")"
		}
		if i := strings.Index(line, "dkms.conf: line "); i >= 0 {
			return " (" + strings.TrimSpace(line[i+len("dkms.conf: "):]) + ")"
		}
	}
	return ""
}

// dkmsVariables are those that a dkms.conf may read: all that dkms has set when it reads one. tree and temp are inside paths.
func dkmsVariables(root, tree, temp, name, version string, k kernel.Kernel, jobs int) []string {
	build := cmp.Or(k.Build, k.Headers)
	config := filepath.Join(build, "include/config/auto.conf")
	if _, err := rooted.Root(root).Lstat(config); err != nil {
		config = filepath.Join(build, ".config")
	}
	return []string{
		"kernelver=" + k.Release, "arch=" + k.Arch, "kernel_source_dir=" + build, "kernel_config=" + config,
		"dkms_tree=" + tree, "source_tree=/usr/src", "install_tree=/lib/modules", "tmp_location=" + temp,
		"module=" + name, "module_version=" + version, "parallel_jobs=" + strconv.Itoa(jobs),
	}
}

func (s *steps) dkmsVariables(work, name, version string, jobs int) []string {
	return dkmsVariables(s.Root, s.Sandbox.Path(s.tree), s.Sandbox.Temp(work), name, version, s.job.Kernel, jobs)
}
