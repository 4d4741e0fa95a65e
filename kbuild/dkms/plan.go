package dkms

import (
	"strings"

	"mago/debpkg/visible"
)

// Plan is what a dkms.conf tells of a build for one kernel. All of it may be shown on a terminal. Its JSON form is part of mago's interface.
type Plan struct {
	Kernel       string        `json:"kernel"`             // release
	Modules      []string      `json:"modules,omitempty"`  // to be built, by the names they are installed under
	Excluded     []PlanOmitted `json:"excluded,omitempty"` // not meant for the kernel
	Rules        []string      `json:"exclusive,omitempty"`
	BuildDepends []string      `json:"build_depends,omitempty"`   // dkms's names of modules
	Scripts      []string      `json:"install_scripts,omitempty"` // what is to run as root at installation, as "DIRECTIVE: script arguments"
	Warnings     []string      `json:"warnings,omitempty"`
	Error        string        `json:"error,omitempty"` // why the modules are not known
}

// PlanOmitted is a module that is not built, and why.
type PlanOmitted struct {
	Module string `json:"module"`
	Reason string `json:"reason"`
}

// Plan tells what a build for a kernel would do.
func (c *Conf) Plan(k Kernel) *Plan {
	p := &Plan{Kernel: k.Release, Rules: c.Rules(), BuildDepends: c.BuildDepends(), Warnings: append(c.Mistakes(), c.Warnings()...)}
	for _, directive := range HookDirectives {
		if script, args := c.Hook(directive); script != "" {
			p.Scripts = append(p.Scripts, strings.Join(append([]string{directive + ":", script}, args...), " "))
		}
	}
	modules, excluded := c.For(k)
	for _, m := range modules {
		p.Modules = append(p.Modules, m.Dest)
	}
	for _, e := range excluded {
		p.Excluded = append(p.Excluded, PlanOmitted{visible.Line(e.Module.Dest), visible.Line(e.Reason)})
	}
	for _, list := range [][]string{p.Modules, p.Rules, p.BuildDepends, p.Scripts, p.Warnings} {
		for i := range list {
			list[i] = visible.Line(list[i])
		}
	}
	return p
}
