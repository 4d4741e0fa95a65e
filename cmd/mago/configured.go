package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"mago/cmd/mago/internal/config"
	"mago/cmd/mago/internal/engine"
	"mago/debpkg/rooted"
)

// systemConfig is where the system's configuration lies.
const systemConfig = "/etc/mago"

// configured is what the configuration, the environment and the command line say together.
type configured struct {
	*config.Config
	root   string
	spoken []config.Setting // of the environment and the command line, the stronger last
}

// readConfig reads the configuration of the system below a root, and after it a user's own for the system that runs.
func readConfig(root string, asRoot bool, o options, getenv func(string) string) configured {
	dirs := []config.Dir{{Root: rooted.Root(root), Path: systemConfig}}
	if own, err := os.UserConfigDir(); err == nil && !asRoot && root == "/" {
		dirs = append(dirs, config.Dir{Path: filepath.Join(own, "mago")})
	}
	return configured{config.Read(asRoot, dirs...), root, append(inEnvironment(getenv), o.settings()...)}
}

// inEnvironment are the settings of variables. MAGO_REUSE=0 takes back what a file says.
func inEnvironment(getenv func(string) string) (all []config.Setting) {
	add := func(field, value, variable string) {
		if value != "" {
			all = append(all, config.Setting{Field: field, Value: value, Origin: config.Origin{From: config.Environment, Name: variable}})
		}
	}
	add("Sandbox", getenv("MAGO_SANDBOX"), "MAGO_SANDBOX")
	add("Reuse", map[string]string{"1": "yes", "0": "no"}[getenv("MAGO_REUSE")], "MAGO_REUSE")
	add("Dest", getenv("KPKG_DEST_DIR"), "KPKG_DEST_DIR")
	add("Maintainer", engine.MaintainerIn(getenv), maintainerVariables(getenv))
	return all
}

// maintainerVariables names those that MaintainerIn takes.
func maintainerVariables(getenv func(string) string) string {
	first := func(names ...string) string {
		i := max(slices.IndexFunc(names, func(name string) bool { return getenv(name) != "" }), 0)
		return names[i]
	}
	return first("KMAINT", "DEBFULLNAME", "DEBNAME") + ", " + first("KEMAIL", "DEBEMAIL")
}

// settings are those that options give.
func (o options) settings() (all []config.Setting) {
	add := func(field, value, option string) {
		if value != "" {
			all = append(all, config.Settings(config.FieldCalled(field), value, config.Origin{From: config.Option, Name: option})...)
		}
	}
	add("Sandbox", o.Sandbox, "--sandbox")
	for _, limit := range o.Limit {
		add(config.Limits, limit, "--limit")
	}
	if o.Jobs > 0 {
		add("Jobs", strconv.Itoa(o.Jobs), "--jobs")
	}
	if o.Reuse {
		add("Reuse", "yes", "--reuse")
	}
	add("Dest", o.Dest, "--dest")
	return all
}

// of are the settings of a module, or of all for "".
func (c configured) of(module string) []config.Setting { return c.Of(module, c.spoken...) }

// values are those settings as the engine takes them.
func (c configured) values(module string) (config.Values, error) {
	settings := c.of(module)
	v := config.ValuesOf(settings)
	i := slices.IndexFunc(settings, func(s config.Setting) bool { return s.Field == "Dest" })
	if v.Dest == "" {
		return v, nil
	}
	if settings[i].From == config.File {
		v.Dest = filepath.Join(c.root, v.Dest)
		return v, nil
	}
	dest, err := filepath.Abs(v.Dest)
	v.Dest = dest
	return v, err
}

// moduleOptions are those of the modules that have a file of their own.
func (c configured) moduleOptions() (map[string]engine.ModuleOptions, error) {
	all := map[string]engine.ModuleOptions{}
	for _, name := range c.Modules() {
		v, err := c.values(name)
		if err != nil {
			return nil, err
		}
		v.MostJobs = v.Jobs
		all[name] = v.ModuleOptions
	}
	return all, nil
}

// heedlessOfConfig are the commands that run whatever mistakes the configuration has.
var heedlessOfConfig = []string{"config", "man", "completion"}

// check gives an error for a command that does not put up with mistakes in the configuration.
func (c configured) check(command string) error {
	if slices.Contains(heedlessOfConfig, command) {
		return nil
	}
	return c.Check()
}
