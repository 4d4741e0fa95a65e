package main

import (
	"context"
	"strings"

	"golang.org/x/sys/unix"

	"mago/kbuild"
	"mago/kbuild/dkms"
	"mago/kbuild/kernel"
)

// shownConf is what the evaluation of a dkms.conf has told; its JSON form is part of mago's interface.
type shownConf struct{ *dkms.Plan }

// keptConf is what planning, fetching or building has left of an opened source's dkms.conf.
func (a *app) keptConf(ctx context.Context, t target) *shownConf {
	k := a.kernelToShow(ctx)
	if key, err := kbuild.ConfKey(a.Root, a.confs.job(t, k)); err != nil {
		return &shownConf{&dkms.Plan{Kernel: k.Release, Error: err.Error()}}
	} else if conf, ok := kbuild.KeptConf(a.confs.confs(t), key); ok {
		return &shownConf{conf.Plan(dkmsKernel(k))}
	}
	return &shownConf{&dkms.Plan{Kernel: k.Release, Error: "not read yet"}}
}

// kernelToShow is the one that a build would be for, as far as it is known; without headers nothing is known of its
// configuration.
func (a *app) kernelToShow(ctx context.Context) kernel.Kernel {
	release := a.kernels.running()
	if releases, err := a.kernels.releases(ctx); err == nil && len(releases) > 0 {
		release = releases[0]
	}
	if k, err := a.kernels.kernel(release); err == nil {
		return k
	}
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return kernel.Kernel{Release: release}
	}
	return kernel.Kernel{Release: release, Arch: unix.ByteSliceToString(name.Machine[:])}
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
	field("dkms.conf", s.Error)
	field("Builds", strings.Join(s.Modules, ", "))
	for _, e := range s.Excluded {
		field("Excluded", e.Module+": "+e.Reason)
	}
	field("Only for", strings.Join(s.Rules, ", "))
	field("Built after", strings.Join(s.BuildDepends, ", "))
	for _, script := range s.Scripts {
		field("Runs as root", script)
	}
	for _, warning := range s.Warnings {
		field("Warning", warning)
	}
}
