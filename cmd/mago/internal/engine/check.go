package engine

import (
	"context"
	"errors"
	"slices"

	"mago/debpkg/word"
)

// Checked says whether modules build for kernels.
type Checked struct {
	Results []CheckedUnit // of the modules that were asked for, in the plan's order
	Nothing error         // why nothing was to be checked, nil where something was
}

var errNothingInstalled = errors.New("no module is installed here, as source or built")

// CheckedUnit is what has come of one module for one kernel.
type CheckedUnit struct {
	UnitResult
	Tried []Trial // newer versions of the source, where it does not build
}

// Takes is the command that builds and installs a newer version that builds, "" where none does.
func (u CheckedUnit) Takes(on System) string {
	for _, t := range u.Tried {
		if t.Err == nil {
			return on.SudoMago("a-i", "-l", u.Unit.Kernel, t.word())
		}
	}
	return ""
}

// Check builds modules for the kernels that apt would bring, or for those that -l and -k name, and installs nothing. Where no
// words are given it takes the modules that are installed, as source or built. Of sources that do not build it tries the newer
// versions that apt's lists have.
func Check(ctx context.Context, e *Engine, words []string) (Checked, error) {
	if len(words) == 0 {
		words = e.modules.usedHere()
	}
	quiet := silent(e, Failed)
	p, err := quiet.Plan(ctx, Request{Words: words, Goal: Built, Kernels: "next"})
	if nothing := (*NothingNextError)(nil); errors.As(err, &nothing) {
		return Checked{Nothing: nothing}, nil
	}
	if err != nil {
		return Checked{}, err
	}
	if len(p.asked) == 0 {
		return Checked{Nothing: errNothingInstalled}, nil
	}
	report, err := quiet.Run(ctx, p)
	if len(report.Results) == 0 || ctx.Err() != nil {
		return Checked{}, err
	}
	c := Checked{Results: checkedUnits(p, report)}
	return c, checker{e}.tryNewer(ctx, p, c.Results)
}

// silent is the same engine, which tells nothing of those kinds: its caller does.
func silent(e *Engine, kinds ...Kind) *Engine {
	b := *e.base
	b.say.send = func(event Event) {
		if !slices.Contains(kinds, event.Kind) {
			e.say.send(event)
		}
	}
	return newEngine(&b)
}

// checkedUnits are the results of the units that were asked for.
func checkedUnits(p *Plan, report Report) (units []CheckedUnit) {
	for _, r := range report.Results {
		if slices.ContainsFunc(p.unitsAsked(), func(u Unit) bool { return u.id() == r.Unit }) {
			units = append(units, CheckedUnit{UnitResult: r})
		}
	}
	return units
}

// Err is what keeps modules from being built: the first failure, else the first module that is not meant for its kernel.
func (c Checked) Err() error {
	var excluded error
	for _, u := range c.Results {
		switch {
		case u.Err != nil && u.State != ResultExcluded:
			return u.Err
		case excluded == nil:
			excluded = u.Err
		}
	}
	return excluded
}

// Trial is a newer version of a source that did not build, and how that went.
type Trial struct {
	Package word.Package
	Version word.Version
	Suite   string // where apt has it, such as bookworm-backports
	Err     error
}

// word names it on the command line.
func (t Trial) word() string { return t.Package.String() + "=" + t.Version.String() }
