package engine

import (
	"cmp"
	"os"
	"slices"

	"mago/catalog"
	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
	"mago/debpkg"
	"mago/debpkg/apt"
	"mago/kbuild/kernel"
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
	Next      string `json:"next,omitempty"` // the command that mends it
	Room      string `json:"room,omitempty"` // where a build would run now

	Recorded bool   // whether mago keeps a record of a build
	Common   string // package of common files that nothing needs once this unit is removed, "" for none

	Word string // what names the module on a command line, "" where mago could not build it
	Own  bool   // whether its source or its build is this user's own
}

// survey is what the states of all units are made of, read once.
type survey struct {
	packages []modulesPackage
	records  []store.Record
	removed  []string // packages that dpkg has removed and not purged
	here     []string // kernels on the machine
	wanting  []string // kernels of this machine, which want its modules
	running  string
}

func (sv *surveyor) survey() (survey, error) {
	records, err := sv.store.All()
	if err != nil {
		return survey{}, err
	}
	packages, err := sv.pkgs.installedPackages()
	if err != nil {
		return survey{}, err
	}
	status, err := sv.pkgs.installed()
	if err != nil {
		return survey{}, err
	}
	f := sv.kernels.finder()
	installed, headers := f.Installed(), f.WithHeaders()
	s := survey{packages: packages, records: records, removed: status.Removed(), running: sv.kernels.running()}
	s.here = kernel.SortReleases(slices.Concat(installed, headers))
	s.wanting = installed
	if len(installed) == 0 { // a container, or a machine that only builds
		s.wanting = headers
	}
	return s, nil
}

// gone reports whether a kernel is on the machine no more, whose image may have left its headers behind.
func (s survey) gone(release string) bool {
	removed := slices.Contains(s.removed, "linux-image-"+release) && !slices.Contains(s.wanting, release)
	return release != s.running && (removed || !slices.Contains(s.here, release))
}

// isInstalled reports whether a module is installed for any kernel, so that others want it too.
func (s survey) isInstalled(module string) bool {
	return slices.ContainsFunc(s.packages, func(p modulesPackage) bool { return p.module == module })
}

// stays reports whether a module is installed for a kernel that is not gone.
func (s survey) stays(module string) bool {
	return slices.ContainsFunc(s.packages, func(p modulesPackage) bool { return p.module == module && !s.gone(p.release) })
}

// modules are those built or installed.
func (s survey) modules() []string {
	var modules []string
	for _, r := range s.records {
		modules = append(modules, r.Module)
	}
	for _, p := range s.packages {
		modules = append(modules, p.module)
	}
	slices.Sort(modules)
	return slices.Compact(modules)
}

// kernels are those on the machine, and those that modules are here for.
func (s survey) kernels() []string {
	releases := slices.Clone(s.here)
	for _, r := range s.records {
		releases = append(releases, r.Kernel)
	}
	for _, p := range s.packages {
		releases = append(releases, p.release)
	}
	return kernel.SortReleases(releases)
}

// states crosses kernels with modules built or installed; where nothing is known of a unit, and nothing wanted, it has none.
func (sv *surveyor) states() ([]State, error) {
	s, err := sv.survey()
	if err != nil {
		return nil, err
	}
	var states []State
	for _, release := range s.kernels() {
		for _, module := range s.modules() {
			if st := sv.state(s, module, release); st.State != "" {
				states = append(states, st)
			}
		}
	}
	return states, nil
}

func (sv *surveyor) state(s survey, module, release string) State {
	name := modpkg.Name(module, release)
	have := sv.pkgs.installedPackage(name)
	r, recorded := sv.store.Get(store.ID{Module: module, Kernel: release})
	failure, failed := sv.store.Failure(store.ID{Module: module, Kernel: release})
	removed := have.Version == "" && (r.Current != "" || slices.Contains(s.removed, name))
	st := State{Kernel: release, Module: module, Installed: have.Version, Log: cmp.Or(failure.Log, r.Log)}
	st.Wanted = have.Version != "" || s.isInstalled(module) && !removed && slices.Contains(s.wanting, release)
	if recorded && sv.store.HasDeb(r) {
		st.Built, st.Deb = r.Version, r.Deb
	}
	st.Word, st.Own = sv.wordFor(s, module)
	st.Own = !sv.host.AsRoot && (st.Own || st.Built != "")
	from := r
	if !recorded {
		from = failure
	}
	st.Current = sv.currentVersion(module, release, from)
	lacks := sv.pkgs.lacksCommon(module, release)
	current := st.Installed != "" && !lacks && (st.Current == "" || debpkg.CompareVersions(st.Installed, st.Current) >= 0)
	switch {
	case s.gone(release):
		st.ofGone(failure, removed)
	case failed && !IsTrial(failure, r) && (recorded || !current):
		st.fail(failure)
	case current:
		st.State = StatePresent
	case st.Installed != "":
		st.State = StateStale
		if lacks {
			st.Reason = modpkg.CommonName(module) + " is missing"
		}
	case st.Wanted:
		st.State = StateMissing
	case st.Built != "":
		st.State = StateBuilt
	}
	if st.Recorded = recorded || failed; st.State == StateLeftover && st.Installed == "" && !st.Recorded {
		return State{}
	}
	if common := modpkg.CommonName(module); st.State == StateLeftover && st.Installed != "" && !s.stays(module) && sv.pkgs.packageVersion(common) != "" {
		st.Common = common
	}
	st.explain(have, failed && (recorded || failure.Source.Package != "")) // a trial in this user's own directory says nothing of what root has
	return st
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

// wordFor is what names a module on a command line, "" where nothing here would build it; own says that only this user's
// cache knows the source.
func (sv *surveyor) wordFor(s survey, module string) (word string, own bool) {
	i := slices.IndexFunc(s.records, func(r store.Record) bool { return r.Module == module })
	if i >= 0 && s.records[i].Source.Package == "" {
		_, err := os.Stat(s.records[i].Source.Path)
		if err == nil {
			return module, true
		}
	}
	if sv.catalog.index == nil {
		return module, false
	}
	m, _, err := sv.catalog.index.Resolve(module)
	if err != nil {
		return "", false
	}
	if i >= 0 && slices.ContainsFunc(m.Packages, func(p catalog.Package) bool { return p.Name.String() == s.records[i].Source.Package }) &&
		m.Packages[0].Name.String() != s.records[i].Source.Package {
		return s.records[i].Source.Package, false
	}
	return module, false
}

// currentVersion is what a build would give today: apt's candidate of the source with the kernel's present package.
func (sv *surveyor) currentVersion(module, release string, r store.Record) string {
	k, err := sv.kernels.kernel(release)
	if err != nil {
		return ""
	}
	source := r.Source.Version
	if r.Source.Package != "" || r.Module == "" {
		source = sv.candidate(module, r.Source.Package)
	}
	if source == "" {
		return ""
	}
	return modpkg.Version(source, k.Version)
}

// candidate is apt's version of the package that a module was built from, or would be.
func (sv *surveyor) candidate(module, pkg string) string {
	if sv.catalog.index == nil {
		return ""
	}
	if pkg == "" {
		pkg = module
	}
	m, found, err := sv.catalog.index.Resolve(pkg)
	if err != nil {
		return ""
	}
	return newTarget(m, found).version
}

func Having(states []State, want func(State) bool) []State {
	var some []State
	for _, s := range states {
		if want(s) {
			some = append(some, s)
		}
	}
	return some
}

func IsWanted(s State) bool { return s.Wanted }
