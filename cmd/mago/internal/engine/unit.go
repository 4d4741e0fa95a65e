package engine

import (
	"fmt"
	"slices"

	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
	"mago/kbuild/kernel"
)

// unit is one module for one kernel: what is built, recorded, packaged and installed as a whole.
type unit struct {
	target
	Kernel kernel.Kernel
}

func (u unit) id() store.ID { return store.ID{Module: u.name, Kernel: u.Kernel.Release} }

func (u unit) packageName() string { return modpkg.Name(u.name, u.Kernel.Release) }

func (u unit) packageVersion() string { return modpkg.Version(u.version, u.Kernel.Version) }

func (u unit) String() string { return u.name + " for " + u.Kernel.Release }

// units is every module for every kernel.
func units(targets []target, kernels []kernel.Kernel) []unit {
	var all []unit
	for _, t := range targets {
		for _, k := range kernels {
			all = append(all, unit{t, k})
		}
	}
	return all
}

// SeveralError sums up the failures of a run of several units, which has told each; its exit code is First's.
type SeveralError struct {
	First  error
	States []string // of the units that came to an error
	Units  int
}

func (e *SeveralError) Error() string {
	return Counted(e.States, fmt.Sprintf(" of %d", e.Units))
}

func (e *SeveralError) Unwrap() error { return e.First }

// add takes a unit's error down. What has failed comes before what was not to be built, or could not be tried.
func (e *SeveralError) add(result UnitResult) {
	if e.First == nil || result.State == ResultFailed && !slices.Contains(e.States, ResultFailed) {
		e.First = result.Err
	}
	e.States = append(e.States, result.State)
}

// modulesOf names the modules of units, one for each unit.
func modulesOf(units []unit) (names []string) {
	for _, u := range units {
		names = append(names, u.name)
	}
	return names
}
