package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"mago/kbuild"
)

type statusCommand struct{ jsonOption }

// The states of a unit, from good to bad.
const (
	statePresent  = "present"  // installed, of the source's and the kernel's present version
	stateExcluded = "excluded" // not meant for this kernel, as its last build found
	stateStale    = "stale"    // installed or built of an older source or kernel package
	stateMissing  = "missing"  // not installed for this kernel
	stateFailed   = "failed"   // the last build failed
)

// state is one module for one kernel as status shows it; its JSON form is part of mago's interface.
type state struct {
	Kernel    string `json:"kernel"`
	Module    string `json:"module"`
	State     string `json:"state"`
	Installed string `json:"installed,omitempty"` // version of the modules package
	Built     string `json:"built,omitempty"`     // version of the newest .deb here
	Current   string `json:"current,omitempty"`   // what a build would give now, "" where that is unknown
	Deb       string `json:"deb,omitempty"`
	Log       string `json:"log,omitempty"`
	Error     string `json:"error,omitempty"`
	Reason    string `json:"reason,omitempty"`
	Room      string `json:"room,omitempty"` // where a build would run now
}

// Run shows kernels against modules; the exit code tells scripts the worst of it.
func (c *statusCommand) Run(a *app, ctx context.Context) error {
	c.apply(a)
	if _, err := a.catalog(ctx); err != nil {
		a.screen.line(fmt.Sprintf("%-8s %v; newer sources go unnoticed", "catalog", err))
	}
	states, err := a.states()
	if err != nil {
		return err
	}
	chosen, err := a.chosen(ctx)
	if err != nil {
		return err
	}
	states = slices.DeleteFunc(states, func(s state) bool { return !chosen(s.Kernel) })
	if len(states) == 0 {
		if err := a.checkChosen(chosen); err != nil {
			return err
		}
	}
	if c.JSON {
		if states == nil {
			states = []state{}
		}
		if room, err := a.buildRoom(ctx); err == nil {
			for i := range states {
				states[i].Room = room.String()
			}
		}
		err = a.printJSON(states)
	} else {
		err = a.printStates(ctx, states)
	}
	if err != nil {
		return err
	}
	return worst(states)
}

// checkChosen refuses a choice of kernels that fits none on the machine: to scripts that would look as if all were well.
func (a *app) checkChosen(chosen func(release string) bool) error {
	records, err := a.records()
	if err != nil {
		return err
	}
	packages, err := a.installedPackages()
	if err != nil {
		return err
	}
	if a.limited() && !slices.ContainsFunc(a.kernelsOnMachine(records, packages), chosen) {
		return &noKernelError{word: strings.Join(append(lists(a.KversList...), a.kernelDirs()...), ", ")}
	}
	return nil
}

func worst(states []state) error {
	code := exitDone
	for _, s := range states {
		switch s.State {
		case stateFailed:
			code = exitFailed
		case stateStale, stateMissing:
			code = max(code, exitIncomplete)
		}
	}
	if code == exitDone {
		return nil
	}
	return &statusError{code}
}

func (a *app) printStates(ctx context.Context, states []state) error {
	if room, err := a.buildRoom(ctx); err == nil {
		a.screen.line(fmt.Sprintf("%-8s as %s", "builds", room))
		a.screen.line(fmt.Sprintf("%-8s %s", "limits", room.Held))
	} else {
		a.screen.line(fmt.Sprintf("%-8s nowhere: %v", "builds", err))
	}
	if len(states) == 0 {
		a.screen.line("no module has been built or installed by mago")
		return nil
	}
	running := a.running()
	table := [][]string{{"KERNEL", "MODULE", "STATE", "VERSION", "NOTE"}}
	for _, s := range states {
		kernel := s.Kernel
		if kernel == running {
			kernel += " *"
		}
		table = append(table, []string{kernel, s.Module, s.State, cmp.Or(s.Installed, s.Built, "-"), s.note()})
	}
	return writeTable(a.screen.out, table)
}

// note explains a state where its word does not.
func (s state) note() string {
	switch {
	case s.State == stateFailed:
		return "log: " + s.Log
	case s.Reason != "":
		return s.Reason
	case s.State == stateStale:
		return "current: " + s.Current
	case s.State == stateMissing && s.Built != "":
		return "built, not installed"
	}
	return ""
}

// states crosses every kernel on the machine with every module built or installed.
func (a *app) states() ([]state, error) {
	records, err := a.records()
	if err != nil {
		return nil, err
	}
	packages, err := a.installedPackages()
	if err != nil {
		return nil, err
	}
	var modules []string
	for _, r := range records {
		modules = append(modules, r.Module)
	}
	for _, p := range packages {
		modules = append(modules, p.module)
	}
	slices.Sort(modules)
	modules = slices.Compact(modules)
	var states []state
	for _, release := range a.kernelsOnMachine(records, packages) {
		for _, module := range modules {
			states = append(states, a.state(module, release))
		}
	}
	return states, nil
}

// kernelsOnMachine are those installed, those with headers, and those that modules are here for.
func (a *app) kernelsOnMachine(records []record, packages []modulesPackage) []string {
	f := a.finder()
	releases := append(f.Installed(), f.WithHeaders()...)
	for _, r := range records {
		releases = append(releases, r.Kernel)
	}
	for _, p := range packages {
		releases = append(releases, p.release)
	}
	return kbuild.SortReleases(releases)
}

func (a *app) state(module, release string) state {
	have := a.installedPackage(packageName(module, "modules", release))
	s := state{Kernel: release, Module: module, State: stateMissing, Installed: have.Version}
	r, recorded := a.readRecord(module, release)
	failure, failed := a.readFailure(module, release)
	s.Log = cmp.Or(failure.Log, r.Log)
	if recorded && a.hasDeb(r) {
		s.Built, s.Deb = r.Version, r.Deb
	}
	if !recorded {
		r = failure
	}
	s.Current = a.currentVersion(module, release, r)
	switch {
	case failed && failure.Result == resultFailed:
		s.State, s.Error = stateFailed, failure.Error
	case failed:
		s.State, s.Reason = stateExcluded, failure.Error
	case s.Installed != "" && (s.Current == "" || compareVersions(s.Installed, s.Current) >= 0):
		s.State = statePresent
	case s.Installed != "":
		s.State = stateStale
	}
	if s.State == statePresent && have.Unauthenticated != "" {
		s.Reason = "no checked signature covers " + have.Unauthenticated
	}
	return s
}

// currentVersion is what a build would give today: apt's candidate of the source with the kernel's present package.
func (a *app) currentVersion(module, release string, r record) string {
	k, err := a.kernel(release)
	if err != nil {
		return ""
	}
	source := r.Source.Version
	if r.Source.Package != "" || r.Module == "" {
		source = a.candidate(module, r.Source.Package)
	}
	if source == "" {
		return ""
	}
	return packageVersion(source, k.Version)
}

// candidate is apt's version of the package that a module was built from, or would be.
func (a *app) candidate(module, pkg string) string {
	if a.index == nil {
		return ""
	}
	if pkg == "" {
		pkg = module
	}
	m, found, err := a.index.Resolve(pkg)
	if err != nil {
		return ""
	}
	return newTarget(m, found).version
}
