package engine

import (
	"cmp"

	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
	"mago/debpkg"
	"mago/debpkg/apt"
)

// The states of a unit, from good to bad.
const (
	StatePresent  = "present"  // installed, of the source's and the kernel's present version
	StateExcluded = "excluded" // not meant for this kernel, as its last build found
	StateBuilt    = "built"    // built and not installed, which nothing here asks for
	StateLeftover = "leftover" // installed, now or once, for a kernel that is gone
	StateStale    = "stale"    // installed of an older source or kernel package
	StateMissing  = "missing"  // not installed for this kernel, but for another one
	StateFailed   = "failed"   // the last build failed
)

// State is one module for one kernel as status shows it; its JSON form is part of mago's interface.
type State struct {
	Kernel    string `json:"kernel"`
	Module    string `json:"module"`
	State     string `json:"state"`
	Wanted    bool   `json:"wanted"`              // whether the kernel is this machine's and the module is installed for some kernel
	Installed string `json:"installed,omitempty"` // version of the modules package
	Built     string `json:"built,omitempty"`     // version of the newest .deb here
	Current   string `json:"current,omitempty"`   // what a build would give now, "" where that is unknown
	Deb       string `json:"deb,omitempty"`
	Log       string `json:"log,omitempty"`
	Error     string `json:"error,omitempty"`
	Reason    string `json:"reason,omitempty"`
	Refused   string `json:"refused,omitempty"` // why its kernel does not load it, or not before the next boot
	Reused    string `json:"reused,omitempty"`  // the kernel that the modules were built for, where that is another one
	Next      string `json:"next,omitempty"`    // the command that mends it
	Sandbox   string `json:"room,omitempty"`    // where a build would run now

	Held     string `json:"held,omitempty"`     // where the configuration has the module left alone
	Recorded bool   `json:"recorded,omitempty"` // whether mago keeps a record of a build
	Common   string `json:"common,omitempty"`   // package of common files that nothing needs once this unit is removed, "" for none

	Word string `json:"word,omitempty"` // what names the module on a command line, "" where mago could not build it
	Own  bool   `json:"own,omitempty"`  // whether its source or its build is this user's own
}

func (sv *surveyor) state(s survey, m moduleState, k kernelState) State {
	id := store.ID{Module: m.name, Kernel: k.release}
	name := modpkg.Name(m.name, k.release)
	have := sv.pkgs.installedPackage(name)
	r, recorded := s.built[id]
	failure, failed := s.failed[id]
	r, failure = cmp.Or(r, &store.Record{}), cmp.Or(failure, &store.Record{})
	removed := have.Version == "" && (r.Current != "" || s.removed[name])
	st := State{Kernel: k.release, Module: m.name, Installed: have.Version, Log: cmp.Or(failure.Log, r.Log), Word: m.word}
	st.Wanted = have.Version != "" || s.installed[m.name] && !removed && s.wanting[k.release]
	if recorded && sv.store.HasDeb(*r) {
		st.Built, st.Deb = r.Version, r.Deb
	}
	if r.Reused != nil && (have.Version == "" || r.IsInstalled(have.Version)) {
		st.Reused = r.Reused.Kernel
	}
	st.Own = !sv.host.AsRoot && (m.own || st.Built != "")
	from := r
	if !recorded {
		from = failure
	}
	st.Current = sv.currentVersion(m, k, from)
	lacks := sv.pkgs.lacksCommonOf(m.name, have, func() (store.Record, bool) { return *r, recorded })
	st.Held = sv.Of(m.name).Held
	pinned := sv.Of(m.name).Version != "" && from.Source.Package != ""
	current := st.Installed != "" && !lacks && (st.Current == "" || st.Installed == st.Current || !pinned && debpkg.CompareVersions(st.Installed, st.Current) >= 0)
	anew := ""
	if current {
		anew = cmp.Or(sv.changedSettings(*r, have.Version), sv.changedSignature(*r, k, have.Version))
	}
	switch {
	case k.gone:
		st.ofGone(*failure, removed)
	case failed && !IsTrial(*failure, *r) && (recorded || !current):
		st.fail(*failure)
	case current && anew == "":
		st.State = StatePresent
	case st.Installed != "":
		st.State = StateStale
		if lacks {
			anew = modpkg.CommonName(m.name) + " is missing"
		}
		st.Reason = anew
	case st.Wanted:
		st.State = StateMissing
	case st.Built != "":
		st.State = StateBuilt
	}
	if st.Recorded = recorded || failed; st.State == StateLeftover && st.Installed == "" && !st.Recorded {
		return State{}
	}
	if st.State == StateLeftover && st.Installed != "" && !s.stays[m.name] {
		st.Common = m.common
	}
	st.explain(have, failed && (recorded || failure.Source.Package != "")) // a trial in this user's own directory says nothing of what root has
	if (st.State == StateBuilt || st.State == StateMissing) && sv.signs.isStillToSign(id) {
		st.Reason = StillToSign
	}
	st.hold()
	return st
}

// changedSettings says which of a module's settings is another than what is installed was built with, "" for none.
func (sv *surveyor) changedSettings(r store.Record, installed string) string {
	if r.Module == "" || !r.IsInstalled(installed) {
		return ""
	}
	whole, ok := sv.store.Get(r.ID())
	if !ok {
		return ""
	}
	return sv.configuredAnew(whole)
}

// hold has a state that asks for something ask for nothing where the module is held.
func (st *State) hold() {
	if st.Held != "" && (st.State == StateStale || st.State == StateMissing || st.State == StateFailed) {
		st.Wanted, st.Word = false, ""
		st.Reason = "held by " + st.Held
	}
}

// ofGone is what a unit is whose kernel is not here: left over where it was installed once. Another build may be meant for
// another machine, which has no other copy of it.
func (st *State) ofGone(failure store.Record, removed bool) {
	st.Wanted = false
	switch {
	case st.Installed != "" || removed:
		st.State = StateLeftover
	case st.Built != "":
		st.State = StateBuilt
	case failure.Module != "":
		st.fail(failure)
	default:
		st.State = StateLeftover
	}
	st.Reason = cmp.Or(st.Reason, "no such kernel here")
}

// fail is what a build that failed last makes of a unit.
func (st *State) fail(failure store.Record) {
	if failure.Result == store.Failed {
		st.State, st.Error = StateFailed, failure.Error
	} else {
		st.State, st.Reason = StateExcluded, failure.Error
	}
}

// explain gives a reason where the state's word does not say all.
func (st *State) explain(have apt.Installed, failed bool) {
	switch {
	case st.State == StatePresent && have.Unauthenticated != "":
		st.Reason = "no checked signature covers " + have.Unauthenticated
	case st.State == StateMissing && st.Word == "":
		st.Reason = "its source is not known here: name its directory"
	case st.State == StateMissing && st.Built != "":
		st.Reason = "built, not installed"
	case failed && st.Reason == "" && st.State != StateFailed:
		st.Reason = "the last build failed: " + st.Log
	}
}

// IsTrial reports whether a failed build was one of another source than that of the good one, or of the very same again: it
// says nothing of what is installed.
func IsTrial(failure, good store.Record) bool {
	if good.Module == "" {
		return false
	}
	a, b := failure.Source, good.Source
	if a.Package != b.Package || a.Package == "" && a.Path != b.Path {
		return true
	}
	return a.Version == b.Version && a.SHA256 == b.SHA256 && failure.KernelVersion == good.KernelVersion
}
