package engine

import (
	"context"
	"errors"
	"slices"

	"mago/debpkg/apt"
	"mago/debpkg/word"
)

// aptInstall has apt install packages, after it has shown what that brings.
func (at *aptTool) aptInstall(ctx context.Context, packages []word.Target, done func() bool) error {
	at.known.system.Lock()
	defer at.known.system.Unlock()
	again, err := at.mustReinstall(packages)
	if err != nil {
		return err
	}
	p := at.say.begin("prepare", "asking apt what comes with "+word.Join(packages, ", "))
	defer p.end()
	in, said := at.working(p)
	show, count := in.Foreseen, 0
	in.Foreseen = func(asked []word.Target, coming apt.Transaction, cost apt.Cost) {
		if count == 0 { // else another process was quicker, and apt begins again
			show(asked, coming, cost)
		}
		count = len(coming.Incoming())
		p.update("installing " + Plural(count, "package"))
	}
	err = in.FromApt(ctx, apt.InstallOptions{Again: again}, packages, done)
	if at.DryRun {
		return err
	}
	at.forgetInstalled()
	if err != nil {
		return errors.Join(err, at.noteUnchecked(said, nil))
	}
	if err := at.checkInstalled(said, packages); err != nil || count == 0 {
		return err
	}
	p.timed("installed " + Plural(count, "package"))
	return nil
}

// mustReinstall reports whether some of the packages are broken, or were taken unchecked: apt takes these for installed.
func (at *aptTool) mustReinstall(packages []word.Target) (bool, error) {
	status, err := at.pkgs.installed()
	if err != nil {
		return false, err
	}
	doubted, err := at.pkgs.unauthenticated()
	return slices.ContainsFunc(packages, func(t word.Target) bool {
		return slices.Contains(status.Broken(), t.Name.String()) || slices.Contains(doubted, t)
	}), err
}

// checkInstalled refuses what apt has installed and could check no signature of.
func (at *aptTool) checkInstalled(said *aptSaid, packages []word.Target) error {
	if err := at.noteUnchecked(said, packages); err != nil {
		return err
	}
	still, err := at.pkgs.unauthenticated()
	if err == nil && len(still) > 0 {
		err = &StillUnauthenticatedError{still}
	}
	return err
}
