package main

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"mago/kbuild"
)

// shownConf is what a dkms.conf tells before anything is built; its JSON form is part of mago's interface.
type shownConf struct {
	Kernel       string          `json:"kernel"` // release that it is read for
	Modules      []string        `json:"modules,omitempty"`
	Excluded     []shownExcluded `json:"excluded,omitempty"`
	Rules        []string        `json:"exclusive,omitempty"`
	BuildDepends []string        `json:"build_depends,omitempty"`
	Scripts      []string        `json:"install_scripts,omitempty"`
	Warnings     []string        `json:"warnings,omitempty"`
	Unread       []string        `json:"unread,omitempty"`  // what would have to be run
	Unknown      []string        `json:"unknown,omitempty"` // directives that this may set
	Error        string          `json:"error,omitempty"`   // why nothing is known
}

type shownExcluded struct {
	Module string `json:"module"`
	Reason string `json:"reason"`
}

// readConf reads an opened source's dkms.conf without running it.
func (a *app) readConf(ctx context.Context, t target) *shownConf {
	k := a.kernelToShow(ctx)
	p, err := kbuild.ReadPlan(ctx, a.Root, t.source(), k)
	if err != nil {
		return &shownConf{Kernel: k.Release, Error: err.Error()}
	}
	shown := &shownConf{
		Kernel: k.Release, Modules: p.Modules, Rules: p.Rules, BuildDepends: p.BuildDepends, Scripts: p.Scripts, Warnings: p.Warnings,
		Unread: p.Unread, Unknown: p.Unknown,
	}
	for _, e := range p.Excluded {
		shown.Excluded = append(shown.Excluded, shownExcluded(e))
	}
	return shown
}

// kernelToShow is the one that a build would be for, as far as it is known; without headers nothing is known of its
// configuration.
func (a *app) kernelToShow(ctx context.Context) kbuild.Kernel {
	release := a.running()
	if releases, err := a.releases(ctx); err == nil && len(releases) > 0 {
		release = releases[0]
	}
	if k, err := a.kernel(release); err == nil {
		return k
	}
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return kbuild.Kernel{Release: release}
	}
	return kbuild.Kernel{Release: release, Arch: unix.ByteSliceToString(name.Machine[:])}
}

// printKernel shows which kernel all is said of, for those who have chosen one.
func (s *shownConf) printKernel(field func(name, value string)) {
	if s != nil {
		field("For kernel", s.Kernel)
	}
}

// print shows what is known; nil has nothing.
func (s *shownConf) print(field func(name, value string)) {
	if s == nil {
		return
	}
	field("Unknown", s.Error)
	field("Builds", strings.Join(s.Modules, ", ")+s.unless())
	for _, e := range s.Excluded {
		field("Excluded", e.Module+": "+e.Reason)
	}
	field("Only for", strings.Join(s.Rules, ", "))
	field("Built after", strings.Join(s.BuildDepends, ", "))
	for _, script := range s.Scripts {
		field("Runs as root", script)
	}
	for _, unread := range s.Unread {
		field("Not read", unread)
	}
	field("It may set", strings.Join(s.Unknown, ", "))
	for _, warning := range s.Warnings {
		field("Warning", warning)
	}
}

// unless names what may keep the modules back, where that is not known.
func (s *shownConf) unless() string {
	rules := slices.DeleteFunc(slices.Clone(s.Unknown), func(directive string) bool {
		return !strings.HasPrefix(strings.ToUpper(directive), "BUILD_EXCLU") && directive != "OBSOLETE_BY"
	})
	if len(rules) == 0 || len(s.Modules) == 0 {
		return ""
	}
	return " (unless " + strings.Join(rules, " or ") + " says no)"
}
