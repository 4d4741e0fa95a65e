package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"mago/kbuild/recipe"
)

// Report says what a run has come to, unit by unit in the plan's order.
type Report struct {
	Results []UnitResult
}

// UnitResult says what has come of one unit.
type UnitResult struct {
	Unit    UnitID
	State   string // one of the words that follow
	Err     error
	Seconds float64 // that it took in this run
	Deb     string  // its package, "" where there is none
	sum     string  // the SHA-256 of that, in hexadecimal digits
}

// installed takes down whether a unit's package was installed, where that is all that has come of it.
func (r *UnitResult) installed(was bool) {
	if was && r.State == ResultThere {
		r.State = ResultInstalled
	}
}

// What can come of a unit.
const (
	ResultBuilt     = "built"
	ResultThere     = "there"     // nothing was to be done
	ResultInstalled = "installed" // nothing was to be built; its package was installed
	ResultFits      = "fits"      // it was made from the modules of another kernel
	ResultFailed    = "failed"    // see Err
	ResultExcluded  = "excluded"  // its source is not meant for the kernel
	ResultSkipped   = "skipped"   // it needs one that has failed
	ResultUntried   = "untried"   // the run was interrupted before
	ResultLacking   = "lacking"   // what building it takes is not installed; its source is not at fault
)

// States are all of these, in the order in which tables and sums name them.
var States = []string{ResultBuilt, ResultThere, ResultInstalled, ResultFits, ResultFailed, ResultExcluded, ResultLacking, ResultSkipped, ResultUntried}

// Counted says how many of some states are which: "2 of 3 failed, 1 excluded", where of is " of 3".
func Counted(states []string, of string) string {
	counts := map[string]int{}
	for _, state := range states {
		counts[state]++
	}
	var said []string
	for _, state := range States {
		if counts[state] > 0 {
			said, of = append(said, fmt.Sprintf("%d%s %s", counts[state], of, state)), ""
		}
	}
	return strings.Join(said, ", ")
}

// stateOf is the state of a unit that has ended with an error, which may be that of the run's context.
func stateOf(ctx context.Context, err error) string {
	switch {
	case errors.As(err, new(*neededError)):
		return ResultSkipped
	case errors.As(err, new(*recipe.NotMeantError)):
		return ResultExcluded
	case len(lackedBy(err)) > 0:
		return ResultLacking
	case errors.Is(err, context.Canceled), ctx.Err() != nil && errors.Is(err, context.Cause(ctx)):
		return ResultUntried
	}
	return ResultFailed
}
