package engine

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"mago/cmd/mago/internal/store"
	"mago/debpkg"
	"mago/debpkg/apt"
	"mago/sources"
)

// Due is what has to be done for a unit, and why.
type Due struct {
	Build   bool
	Install bool
	Why     string
	Reuse   *store.Record // the build for another kernel whose modules serve, as far as that is known; nil: none
}

// situation is all that a unit's due depends on, beside the unit: what was asked for, what the store has, and what dpkg has.
type situation struct {
	Force, NoRebuild, Reuse, AsItLies bool

	now      keyed // what the unit is to be built from, as far as that is known
	record   store.Record
	recorded bool
	vouched  bool        // whether the recorded build may serve in this run
	whole    func() bool // whether its package is the very one that was built

	have        apt.Installed
	counts      bool // whether what is installed may serve in this run
	lacksCommon bool
	chosen      func() string // which setting or kernel is another than that of what is installed, "" for none
}

// situation looks a unit up, but for what it is to be built from now.
func (ks *keys) situation(u unit) situation {
	s := ks.foreseen(u, ks.store.Get)
	record := s.record
	s.whole = sync.OnceValue(func() bool { return ks.store.IsWhole(record) })
	return s
}

// foreseen is that for a plan, which reads no package: last gives units' last good builds, if need be without their inputs.
func (ks *keys) foreseen(u unit, last store.Lookup) situation {
	s := situation{Force: ks.forced(u.target), NoRebuild: ks.NoRebuild, Reuse: ks.Of(u.name).Reuse, AsItLies: ks.AsItLies, have: ks.pkgs.installedPackage(u.packageName())}
	record, recorded := last(u.id())
	s.record, s.recorded = record, recorded
	s.vouched, s.counts = ks.usable(record), ks.pkgs.usableInstalled(s.have)
	s.whole = func() bool { return ks.store.HasDeb(record) }
	s.lacksCommon = ks.pkgs.lacksCommonOf(u.name, s.have, func() (store.Record, bool) { return record, recorded })
	s.chosen = func() string { return ks.chosenAnew(u) }
	return s
}

// due says what a unit needs for its goal. What is installed serves an installation unless it is older, was made of something
// else, or is incomplete; the package of the last build serves where a build would give the same.
func due(u unit, goal Goal, s situation) Due {
	if why := s.unfit(u); why == "" && goal == Installed {
		return Due{Why: u.packageName() + " " + s.have.Version + " is there"}
	} else if missing := s.unbuilt(u); missing != "" {
		return Due{Build: true, Install: goal == Installed, Why: firstOf(goal == Installed, why, missing)}
	}
	return Due{Install: goal == Installed && !s.isVery(), Why: "its package is built"}
}

func firstOf(first bool, one, other string) string {
	if first {
		return one
	}
	return other
}

// unfit says why what is installed does not serve, "" where it does.
func (s situation) unfit(u unit) string {
	source := s.record.Source
	switch very := s.record.IsInstalled(s.have.Version); {
	case s.have.Version == "":
		return "it is not installed"
	case !s.counts:
		return "no checked signature covers what is installed"
	case s.Force, s.AsItLies && u.pkg != nil:
		return "it is to be built anew"
	case debpkg.CompareVersions(s.have.Version, u.packageVersion()) < 0, u.only && s.have.Version != u.packageVersion():
		return fmt.Sprintf("%s is installed, %s can be", s.have.Version, u.packageVersion())
	case very && s.isUnasked():
		return "what is installed was built for " + s.record.Reused.Kernel + ", and --reuse is not asked for"
	case source.Edited && very:
		return "what is installed was built from an edited source"
	case u.exact && source.Package != "" && source.Package != u.pkg.Name.String():
		return "what is installed was built from " + source.Package
	case u.digest != "" && (source.SHA256 != u.digest || !very):
		return "the source is another than that of what is installed"
	case s.isOfElsewhere(u):
		return "what is installed was built from " + source.Path
	case s.lacksCommon:
		return "the package of its common files is missing"
	case isSignedSince(s.record, s.have.Version):
		return otherSignatures
	case very && !s.NoRebuild:
		return s.chosen()
	}
	return ""
}

// unbuilt says why the last build's package does not serve, "" where it does. With NoRebuild any whole package serves.
func (s situation) unbuilt(u unit) string {
	switch {
	case !s.recorded:
		return "it is not built"
	case s.Force:
		return "it is to be built anew"
	case !s.vouched:
		return "no checked signature covers what is built"
	case !s.whole():
		return "its package is not whole"
	case s.NoRebuild:
		return ""
	case s.isUnasked():
		return "its modules were built for " + s.record.Reused.Kernel + ", and --reuse is not asked for"
	case s.record.Version != u.packageVersion():
		return fmt.Sprintf("%s is built, %s can be", s.record.Version, u.packageVersion())
	case s.record.Source.SHA256 != u.sourceDigest():
		return "the source is another than that of what is built"
	case s.isOfElsewhere(u):
		return "it was built from " + s.record.Source.Path
	}
	if s.now.key == "" {
		return s.chosen() // what else it is of is not known yet
	}
	return s.otherInput()
}

// otherInput says what the recorded build was made from or with that is another now, "" where it is of the unit's key, or that
// cannot be told.
func (s situation) otherInput() string {
	if s.now.key == "" || s.record.Format < store.Keyed || s.record.Key == s.now.key {
		return ""
	}
	if s.record.Reused != nil {
		return changed(comparedInputs(s.now.inputs), s.record.Inputs)
	}
	return cmp.Or(changed(s.now.inputs, s.record.Inputs), "it was built from something else")
}

// onlySignature reports whether all that keeps the recorded build's package from serving is what its modules are signed with,
// and that they can be signed anew as a compilation would.
func (s situation) onlySignature(u unit) bool {
	other := s.otherInput()
	if other == "" || s.unbuilt(u) != other || s.record.Came {
		return false
	}
	now := unsignedInputs(s.now.inputs)
	if s.record.Reused != nil {
		now = comparedInputs(now)
	}
	return changed(now, unsignedInputs(s.record.Inputs)) == ""
}

// unsignedInputs are those of modules without their signatures.
func unsignedInputs(inputs []store.Input) []store.Input {
	return slices.DeleteFunc(slices.Clone(inputs), func(in store.Input) bool { return in.Role == asSignature })
}

// isOfElsewhere reports whether the recorded build was made from another directory, and one that others could change. The hash of
// that does not count: there can have been other files while it was copied than when it was hashed.
func (s situation) isOfElsewhere(u unit) bool {
	source := s.record.Source
	return u.tree != nil && source.Origin == string(sources.Directory) && !source.Closed && source.Path != cmp.Or(u.tree.Archive, u.tree.Dir)
}

// isUnasked reports whether the recorded build has another kernel's modules, which serve only who asks for that.
func (s situation) isUnasked() bool { return s.record.Reused != nil && !s.Reuse }

// isVery reports whether the recorded build's package is what is installed.
func (s situation) isVery() bool {
	return s.record.IsInstalled(s.have.Version) && !s.Force && !s.lacksCommon
}
