package kbuild

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"mago/debpkg/visible"
	"mago/kbuild/dkms"
	"mago/kbuild/sandbox"
)

// maxConf bounds a dkms.conf or an override in bytes.
const maxConf = 1 << 20

// Plan is what a dkms.conf tells of a build for one kernel before it is run. All of it may be shown on a terminal.
type Plan struct {
	Modules      []string   // to be built, by the names they are installed under
	Excluded     []Excluded // not meant for the kernel
	Rules        []string   // the BUILD_EXCLUSIVE_*, build_exclude and OBSOLETE_BY, as "NAME=value"
	BuildDepends []string   // dkms's names of the modules that are to be installed first
	Scripts      []string   // what is to run as root at installation, as "DIRECTIVE: script arguments"
	Warnings     []string
	Unread       []string // what of the file only running it could tell the outcome of, as "line N: what it does there"
	Unknown      []string // the directives that this may set; nothing else here is theirs
}

// Excluded is a module that a recipe keeps back, and why.
type Excluded struct{ Module, Reason string }

// ReadPlan reads a source's dkms.conf, and the administrator's overrides below /etc/dkms of the root, as a build for
// the kernel would, but without running anything. What that cannot tell at all is a *RecipeError. Of the kernel, the release and the
// architecture have to be known; without its Config, BUILD_EXCLUSIVE_CONFIG binds nothing.
func ReadPlan(ctx context.Context, root string, source Source, k Kernel) (*Plan, error) {
	conf, err := readStatic(ctx, root, source, k)
	if err != nil {
		return nil, &RecipeError{"dkms.conf", err}
	}
	p := &Plan{Rules: conf.Rules(), BuildDepends: conf.BuildDepends(), Warnings: conf.Warnings()}
	for _, directive := range dkms.HookDirectives {
		if script, args := conf.Hook(directive); script != "" {
			p.Scripts = append(p.Scripts, strings.Join(append([]string{directive + ":", script}, args...), " "))
		}
	}
	for _, e := range conf.Unread {
		p.Unread = append(p.Unread, e.Reason())
	}
	p.Unknown = conf.Unknown
	if err := p.choose(conf, k); err != nil {
		return nil, &RecipeError{"dkms.conf", err}
	}
	for _, list := range [][]string{p.Modules, p.Rules, p.BuildDepends, p.Scripts, p.Warnings, p.Unread} {
		for i := range list {
			list[i] = visible.Line(list[i])
		}
	}
	return p, nil
}

// choose tells the modules to be built, where their names are known.
func (p *Plan) choose(conf *dkms.Conf, k Kernel) error {
	if !conf.NamesModules() {
		return nil
	}
	modules, excluded, err := conf.For(dkms.Kernel{Release: k.Release, Arch: k.Arch, Config: k.Config})
	for _, m := range modules {
		p.Modules = append(p.Modules, m.Dest)
	}
	for _, e := range excluded {
		p.Excluded = append(p.Excluded, Excluded{visible.Line(e.Module.Dest), visible.Line(e.Reason)})
	}
	return err
}

func readStatic(ctx context.Context, root string, source Source, k Kernel) (*dkms.Conf, error) {
	dir, err := source.open()
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	text, err := readConf(dir, "dkms.conf")
	if err != nil {
		return nil, err
	}
	return settle(source, func(name, version string) (*dkms.Conf, error) {
		texts := append([][]byte{text}, overrides(root, name, version, k)...)
		return dkms.Static(ctx, dkmsVariables(root, sandbox.Mount, "/tmp", name, version, k, 1), texts...)
	})
}

func readConf(dir *os.Root, name string) ([]byte, error) {
	text, err := readText(dir, name, maxConf)
	if errors.As(err, new(*longError)) {
		err = fmt.Errorf("%s is %w", name, err)
	}
	return text, err
}

// DkmsSettings gives the administrator's files that a dkms.conf is read with (dkms(8)): host paths by those inside root.
func DkmsSettings(root, name, version string, k Kernel) map[string]string {
	const dir = "/etc/dkms"
	files := []string{"framework.conf"}
	for _, drop := range newRooted(root).names(dir + "/framework.conf.d") {
		if !strings.HasPrefix(drop, ".") && path.Ext(drop) == ".conf" {
			files = append(files, "framework.conf.d/"+drop)
		}
	}
	paths := map[string]string{}
	for _, file := range append(files, dkms.Overrides(name, version, k.Release, k.Arch)...) {
		inside := path.Join(dir, file)
		host, err := newRooted(root).host(inside)
		if err != nil {
			continue
		}
		if info, err := os.Stat(host); err == nil && info.Mode().IsRegular() {
			paths[inside] = host
		}
	}
	return paths
}

// overrides are the files that an administrator may change a dkms.conf by; those that are not there are none.
func overrides(root, name, version string, k Kernel) [][]byte {
	host, err := newRooted(root).host("/etc/dkms")
	if err != nil {
		return nil
	}
	dir, err := os.OpenRoot(host)
	if err != nil {
		return nil
	}
	defer dir.Close()
	var texts [][]byte
	for _, file := range dkms.Overrides(name, version, k.Release, k.Arch) {
		if text, err := readConf(dir, filepath.Base(file)); err == nil {
			texts = append(texts, text)
		}
	}
	return texts
}
