package recipe

import (
	"maps"
	"slices"

	"mago/kbuild/kernel"
)

// Needs lists the programs that following the recipe of a job's source takes. What a dkms.conf takes is known where the job has
// its evaluation.
func Needs(job Job) ([]*kernel.ToolError, error) {
	r, err := Of(job.Source)
	if err != nil {
		return nil, err
	}
	return r.Needs(job)
}

// checkNeeds is for a caller who has not seen to what a recipe needs.
func (w *Workspace) checkNeeds(r Recipe, job Job) error {
	needs, err := r.Needs(job)
	if err != nil {
		return err
	}
	for _, tool := range needs {
		if !kernel.HasTool(w.Root, tool.Tool.String()) {
			return tool
		}
	}
	return nil
}

// packagesOf are the Debian packages of the interpreters that a machine may do without.
var packagesOf = map[string]string{"ksh": "ksh", "perl": "perl", "python": "python-is-python3", "python3": "python3", "ruby": "ruby", "tclsh": "tcl", "zsh": "zsh"}

// shebang is a script's first line that names one of the system's programs, itself or by way of env(1).
var shebang = pattern(`^#!\s*/(?:usr/)?bin/(?:env\s+)?([\w.-]+)\s`)

// interpreters are those of the scripts that a dkms.conf has a build run.
func interpreters(job Job) (needs []*kernel.ToolError) {
	source, err := job.Source.open()
	if err != nil {
		return nil // which copying it tells
	}
	defer source.Close()
	for _, directive := range []string{"PRE_BUILD", "POST_BUILD"} {
		script, _ := job.Conf.Hook(directive)
		text, err := sourceHook(source, script)
		if script == "" || err != nil {
			continue // its turn tells
		}
		if m := shebang().FindSubmatch(text); m != nil && packagesOf[string(m[1])] != "" {
			needs = append(needs, kernel.NewToolError(string(m[1]), packagesOf[string(m[1])], "the "+directive+" of dkms.conf is a script for it"))
		}
	}
	return needs
}

// MostNeeds lists what Needs may list of a source, whatever its dkms.conf tells.
func MostNeeds(source Source) ([]*kernel.ToolError, error) {
	needs, err := Needs(Job{Source: source})
	for _, name := range slices.Sorted(maps.Keys(packagesOf)) {
		needs = append(needs, kernel.NewToolError(name, packagesOf[name], "a dkms.conf may name a script for it"))
	}
	return append(needs, kernel.NewToolError("patch", "patch", "a dkms.conf may have patches to apply")), err
}
