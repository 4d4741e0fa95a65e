package engine

import (
	"os/exec"

	"mago/catalog"
	"mago/debpkg/apt"
	"mago/debpkg/rooted"
)

func (at *aptTool) installer() *apt.Installer {
	in := &apt.Installer{Root: rooted.Root(at.Root), Run: at.host.change, Query: at.host.query, DryRun: at.DryRun, NonInteractive: true, Unauthenticated: at.Unauthenticated}
	in.LockTimeout, in.Waiting, in.Finishing = at.Wait.Limit, tellWaiting[*apt.LockedError](at.say, at.forgetInstalled), at.tellFinishing
	in.Kept, in.Brings, in.Previous = at.tellKept, at.tellBrings, at.previousDeb
	in.Foreseen = at.tellComing
	if at.Verbose {
		in.Stdout, in.Stderr = at.Output, at.Errors
	} else {
		in.Warned = func(text string) { at.say.note("warning", "%s", text) }
	}
	return in
}

// working is an installer at work in a step, and what apt-get has said to it in the end.
func (at *aptTool) working(p *step) (*apt.Installer, *aptSaid) {
	in, said := at.installer(), &aptSaid{}
	in.Unchecked = func(unchecked, kept []string) { *said = aptSaid{unchecked, kept} }
	if !at.Verbose {
		in.Progress = p.ofApt
	}
	return in, said
}

// aptSaid is what apt-get has said of packages: see apt.Installer's Unchecked.
type aptSaid struct{ unchecked, kept []string }

func (at *aptTool) catalogConfig() catalog.Config {
	return catalog.Config{Root: rooted.Root(at.Root), Dir: at.Cache, Run: at.askApt, Status: at.pkgs.installed}
}

// askApt runs a program of apt's or dpkg's that only tells something, which may take seconds: a live line says so.
func (at *aptTool) askApt(cmd *exec.Cmd) error {
	if at.say.open.Load() == 0 {
		defer at.say.begin("apt", "asking apt").end()
	}
	return at.host.query(cmd)
}
