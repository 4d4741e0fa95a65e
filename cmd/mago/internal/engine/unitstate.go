package engine

import (
	"cmp"
	"maps"
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

// survey is what the states of all units are made of, read once.
type survey struct {
	modules []string // built or installed
	kernels []string // on the machine, or built or installed for

	built, failed  map[store.ID]*store.Record
	first          map[string]*store.Record // a module's first record
	newest         map[string]*store.Record // that of the newest source whose modules were installed
	installed      map[string]bool          // modules installed for any kernel, so that others want them too
	stays          map[string]bool          // modules installed for a kernel that is not gone
	removed        map[string]bool          // packages that dpkg has removed and not purged
	removedKernels map[string]bool          // whose images are among them
	here, wanting  map[string]bool          // kernels on the machine, and those of them that want its modules
	running        string
}

// survey is made of those records, and of what is installed of the modules that are named, or of all of them where none is.
func (sv *surveyor) survey(records []store.Record, only ...string) (survey, error) {
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
	s := survey{removed: setOf(status.Removed()), removedKernels: map[string]bool{}, running: sv.kernels.running(), here: setOf(slices.Concat(installed, headers)), wanting: setOf(installed)}
	for _, name := range status.Removed() {
		s.removedKernels[imageRelease(name)] = true
	}
	if len(installed) == 0 { // a container, or a machine that only builds
		s.wanting = setOf(headers)
	}
	s.addRecords(records)
	modules, kernels := setOf(slices.Collect(maps.Keys(s.first))), maps.Clone(s.here)
	for _, r := range records {
		kernels[r.Kernel] = true
	}
	s.installed, s.stays = map[string]bool{}, map[string]bool{}
	for _, p := range packages {
		if len(only) > 0 && !slices.Contains(only, p.module) {
			continue
		}
		modules[p.module], kernels[p.release], s.installed[p.module] = true, true, true
		s.stays[p.module] = s.stays[p.module] || !s.gone(p.release)
	}
	s.modules, s.kernels = slices.Sorted(maps.Keys(modules)), kernel.SortReleases(slices.Collect(maps.Keys(kernels)))
	return s, nil
}

func (s *survey) addRecords(records []store.Record) {
	s.built, s.failed = map[store.ID]*store.Record{}, map[store.ID]*store.Record{}
	s.first, s.newest = map[string]*store.Record{}, map[string]*store.Record{}
	for i := range records {
		r := &records[i]
		if s.first[r.Module] == nil {
			s.first[r.Module] = r
		}
		if have := s.newest[r.Module]; r.Current != "" && (have == nil || debpkg.CompareVersions(r.Source.Version, have.Source.Version) > 0) {
			s.newest[r.Module] = r
		}
		if r.Result == store.Built {
			s.built[r.ID()] = r
		} else {
			s.failed[r.ID()] = r
		}
	}
}

func setOf(words []string) map[string]bool {
	set := make(map[string]bool, len(words))
	for _, word := range words {
		set[word] = true
	}
	return set
}

// gone reports whether a kernel is on the machine no more, whose image may have left its headers behind.
func (s survey) gone(release string) bool {
	removed := s.removedKernels[release] && !s.wanting[release]
	return release != s.running && (removed || !s.here[release])
}

// moduleState is what all states of one module share.
type moduleState struct {
	name   string
	word   string // see wordFor
	own    bool
	common string // its installed package of common files, "" for none

	candidates map[string]string // by source package
}

// kernelState is what all states for one kernel share.
type kernelState struct {
	release string
	version string // of its package, "" where nothing can be built for it
	gone    bool
}

// states crosses kernels with modules built or installed, of those that are named where some are; where nothing is known of a
// unit, and nothing wanted, it has none.
func (sv *surveyor) states(records []store.Record, only ...string) ([]State, error) {
	s, err := sv.survey(records, only...)
	if err != nil {
		return nil, err
	}
	modules := make([]moduleState, len(s.modules))
	for i, name := range s.modules {
		modules[i] = moduleState{name: name, candidates: map[string]string{}}
		modules[i].word, modules[i].own = sv.wordFor(s.first[name], name)
		modules[i].word = sv.withVersion(modules[i].word, s.newest[name])
		if common := modpkg.CommonName(name); sv.pkgs.packageVersion(common) != "" {
			modules[i].common = common
		}
	}
	var states []State
	for _, release := range s.kernels {
		k := kernelState{release: release, gone: s.gone(release)}
		if s.here[release] {
			if found, err := sv.kernels.kernel(release); err == nil {
				k.version = found.Version
			}
		}
		for _, m := range modules {
			if st := sv.state(s, m, k); st.State != "" {
				states = append(states, st)
			}
		}
	}
	return states, nil
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

// wordFor is what names a module on a command line, "" where nothing here would build it; own says that only this user's
// cache knows the source. first is a record of the module, nil where there is none.
func (sv *surveyor) wordFor(first *store.Record, module string) (word string, own bool) {
	if first != nil && first.Source.Package == "" {
		if _, err := os.Stat(first.Source.Path); err == nil {
			return module, true
		}
	}
	if sv.catalog.opened() == nil {
		return module, false
	}
	m, _, err := sv.catalog.opened().Resolve(module)
	if err != nil {
		return "", false
	}
	if first != nil && slices.ContainsFunc(m.Packages, func(p catalog.Package) bool { return p.Name.String() == first.Source.Package }) &&
		m.Packages[0].Name.String() != first.Source.Package {
		return first.Source.Package, false
	}
	return module, false
}

// withVersion has a module's word name the version of what was installed of it, where that is newer than apt's candidate.
func (sv *surveyor) withVersion(word string, newest *store.Record) string {
	if word == "" || newest == nil || newest.Source.Package == "" {
		return word
	}
	if sv.Of(newest.Module).Version != "" {
		return word
	}
	candidate := sv.candidate(newest.Module, newest.Source.Package)
	if candidate == "" || debpkg.CompareVersions(newest.Source.Version, candidate) <= 0 {
		return word
	}
	return newest.Source.Package + "=" + newest.Source.Version
}

// currentVersion is what a build would give today: apt's candidate of the source with the kernel's present package.
func (sv *surveyor) currentVersion(m moduleState, k kernelState, r *store.Record) string {
	if k.version == "" {
		return ""
	}
	source := r.Source.Version
	if pkg := r.Source.Package; pkg != "" || r.Module == "" {
		known, ok := m.candidates[pkg]
		if !ok {
			known = sv.candidate(m.name, pkg)
			m.candidates[pkg] = known
		}
		source = known
	}
	if source == "" {
		return ""
	}
	return modpkg.Version(source, k.version)
}

// candidate is apt's version, or the one that is pinned, of the package that a module was built from, or would be.
func (sv *surveyor) candidate(module, pkg string) string {
	if sv.catalog.opened() == nil {
		return ""
	}
	if pkg == "" {
		pkg = module
	}
	m, found, err := sv.catalog.opened().Resolve(pkg)
	if err != nil {
		return ""
	}
	return cmp.Or(sv.Of(m.Name).Version, newTarget(m, found).version)
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
