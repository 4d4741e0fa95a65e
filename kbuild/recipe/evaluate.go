package recipe

import (
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

// confFile is dkms's recipe.
const confFile = "dkms.conf"

// confLimit is how much the evaluation of a dkms.conf may print.
const confLimit = 1 << 20

// Evaluate has bash read the dkms.conf of a job's source in the sandbox: Job.Conf takes the result. Of the kernel, the
// release and the architecture have to be known. Errors are those of Recipe.Run.
func Evaluate(ctx context.Context, h Host, job Job) (*dkms.Conf, error) {
	w, err := Open(h, job)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	return evaluate(ctx, w)
}

// evaluate gives the conf with sandbox.WorkDir for the workspace, whatever the sandbox calls that.
//
// The file is read until $module and $module_version, which dkms takes from its command line, are what it says itself:
// they are first guessed from its text and the directory's name, and put right by a second reading.
func evaluate(ctx context.Context, w *Workspace) (*dkms.Conf, error) {
	source := w.Job.Source
	text, err := source.conf()
	if err != nil {
		return nil, err
	}
	name, version := splitDir(source.Dir)
	literal, numbers := dkms.Literal(string(cleanConf(text)))
	r := reading{w, text, cmp.Or(literal, name), cmp.Or(numbers, version)}
	for again := false; ; again = true {
		conf, err := r.conf(ctx)
		if conf != nil && conf.Placeholder() {
			conf.Version = cmp.Or(numbered(r.version), numbered(source.Version), "0")
		}
		renamed := conf != nil && conf.Name != "" && conf.Version != "" && (conf.Name != r.name || conf.Version != r.version)
		switch {
		case renamed && !again: // whatever else is wrong with it
		case err != nil:
			return nil, err
		default:
			return conf, nil
		}
		r.name, r.version = conf.Name, conf.Version
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

// reading is one evaluation of a dkms.conf, for which $module and $module_version are name and version.
type reading struct {
	w             *Workspace
	text          []byte
	name, version string
}

// readOnly is what programs say of a file that they may not write to because the source is shown as it lies.
const readOnly = "Read-only file system"

// conf evaluates the file. One that could not write to its source gets a copy: what dkms lets a file do there it may rely on.
// With an error there may be a conf, which is of no use but for its name and version.
func (r reading) conf(ctx context.Context) (*dkms.Conf, error) {
	conf, complaint, err := r.once(ctx, false)
	if strings.Contains(complaint, readOnly) && ctx.Err() == nil {
		conf, complaint, err = r.once(ctx, true)
	}
	if err != nil {
		r.w.Log.Write([]byte(complaint))
		return conf, err
	}
	conf.Said, conf.Misspelt = complaint, dkms.Misspelt(string(cleanConf(r.text)))
	return conf, nil
}

// once evaluates the file in a workspace of its own: nothing that it writes is there later.
func (r reading) once(ctx context.Context, copied bool) (conf *dkms.Conf, complaint string, err error) {
	w, err := r.w.apart(confDir)
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, w.Close(), r.w.remove(confDir)) }()
	if err := w.PlaceNeeded(ctx); err != nil {
		return nil, "", err
	}
	dir, err := w.showConf(ctx, r, copied)
	if err != nil {
		return nil, "", err
	}
	limit := cmp.Or(w.ConfTimeout, DefaultConfTimeout)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, &Error{confFile, fmt.Errorf("reading it did not end within %s", limit)})
	defer cancel()
	out, said := &boundedBuffer{limit: confLimit}, &boundedBuffer{limit: confLimit}
	args := []string{"bash", "-c", dkms.Script, "evaluate", w.Inside(filepath.Join(dir, confFile))}
	args = append(args, w.confVariables(r.name, r.version, w.Job.Told())...)
	err = w.Run(ctx, sandbox.Spec{Args: args, Dir: dir, Stdout: out, Stderr: said})
	conf, err = parseConf(w, out, said, err)
	if err != nil {
		return conf, string(said.held), err
	}
	return w.asDKMS(conf), string(said.held), nil
}

// parseConf takes what bash has printed, and how it ended.
func parseConf(w *Workspace, out, complaint *boundedBuffer, ended error) (*dkms.Conf, error) {
	const reading = "read " + confFile
	said := string(complaint.held)
	switch {
	case out.over || complaint.over:
		return nil, &Error{confFile, fmt.Errorf("reading it printed more than %d bytes", confLimit)}
	case errors.As(ended, new(*sandbox.BrokenError)):
		return nil, w.broken(reading, said)
	case ended != nil && !exited(ended):
		return nil, ended
	}
	conf, err := dkms.Parse(out.held)
	if short := w.checkShortage("reading "+confFile, said, cmp.Or(err, ended)); short != nil {
		return nil, short
	}
	switch {
	case errors.Is(err, dkms.ErrUnread):
		return nil, w.broken(reading, said)
	case err != nil:
		return conf, &Error{confFile, fmt.Errorf("%w%s", err, bashComplaint(said))}
	}
	return conf, nil
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

// confVariables are those that a dkms.conf may read: all that dkms has set when it reads one. The paths of tree, sources and
// temp are inside ones.
func confVariables(root, tree, sources, temp, name, version string, k kernel.Kernel, jobs int) []string {
	build := cmp.Or(k.Build, k.Headers)
	config := filepath.Join(build, "include/config/auto.conf")
	if _, err := rooted.Root(root).Lstat(config); err != nil {
		config = filepath.Join(build, ".config")
	}
	return []string{
		"kernelver=" + k.Release, "arch=" + k.Arch, "kernel_source_dir=" + build, "kernel_config=" + config,
		"dkms_tree=" + tree, "source_tree=" + sources, "install_tree=/lib/modules", "tmp_location=" + temp,
		"module=" + name, "module_version=" + version, "parallel_jobs=" + strconv.Itoa(jobs),
	}
}

// confVariables are those for a build in the workspace, and the job's own.
func (w *Workspace) confVariables(name, version string, jobs int) []string {
	all := confVariables(w.Root, w.Inside(""), w.sources(), w.Sandbox.Temp(w.dir), name, version, w.Job.Kernel, jobs)
	return append(all, w.Job.Variables...)
}
