package engine

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"mago/debpkg/word"
	"mago/kbuild/recipe"
	"mago/sources/lock"
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

// Newer is the newer version of a unit's source that builds, as a word for the command line; "" where none does.
func (u CheckedUnit) Newer() string {
	for _, t := range u.Tried {
		if t.Err == nil {
			return t.word()
		}
	}
	return ""
}

// Event is the one of kind Result that tells it.
func (u CheckedUnit) Event() Event {
	e := u.UnitResult.Event()
	e.Newer = u.Newer()
	return e
}

// Takes are the commands that build and install the newer versions that build, one for all kernels that have the same.
func (c Checked) Takes(on System) (commands []string) {
	var kernels, words []string // a list of either for each command
	for _, release := range distinct(c.Results, func(u CheckedUnit) string { return u.Unit.Kernel }) {
		var newer []string
		for _, u := range c.Results {
			if word := u.Newer(); word != "" && u.Unit.Kernel == release {
				newer = append(newer, word)
			}
		}
		joined := strings.Join(newer, " ")
		if i := slices.Index(words, joined); i >= 0 {
			kernels[i] += "," + release
		} else if joined != "" {
			kernels, words = append(kernels, release), append(words, joined)
		}
	}
	for i, joined := range words {
		commands = append(commands, on.SudoMago(append([]string{"a-i", "-l", kernels[i]}, strings.Fields(joined)...)...))
	}
	return commands
}

// Check builds modules for the kernels that apt would bring, or for those that -l and -k name, and installs nothing. Where no
// words are given it takes the modules that are installed, as source or built. Of sources that do not build it tries the newer
// versions that apt's lists have.
func Check(ctx context.Context, e *Engine, words []string) (Checked, error) {
	if len(words) == 0 {
		words = e.modules.usedHere()
	}
	renewed, others, err := checker{e}.renewed(ctx)
	if err != nil {
		return Checked{}, err
	}
	if len(renewed) == 0 {
		return checker{e}.check(ctx, words)
	}
	var c Checked
	if len(others) > 0 {
		if c, err = (checker{newEngine(e.forKernels(others))}).check(ctx, words); err != nil || c.Nothing != nil {
			return c, err
		}
	}
	err = checker{e}.scratch(ctx, lock.Thing{Name: "_renewed", What: "the place for kernels that come in another version", Doing: "used"}, func(dir string) error {
		apart := e.forKernels(renewed)
		apart.Builds, apart.Options, apart.fromApt = dir, apart.withoutCopies(), setOf(renewed)
		of, err := checker{newEngine(apart)}.check(ctx, words)
		for _, u := range of.Results {
			u.Deb = "" // which goes again
			c.Results = append(c.Results, u)
		}
		c.Nothing = of.Nothing
		return err
	})
	return c, err
}

// check is Check for the kernels that the engine was made for.
func (c checker) check(ctx context.Context, words []string) (Checked, error) {
	quiet := silent(c.Engine, Failed)
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
	checked := Checked{Results: checkedUnits(p, report)}
	return checked, c.tryNewer(ctx, p, checked.Results)
}

// renewed are the coming kernels that are here in another version, and the others; none where the caller has chosen kernels, or where
// the plan is going to say what keeps them from being known. What is built for the present ones stays as it is.
func (c checker) renewed(ctx context.Context) (renewed, others []string, err error) {
	if c.DryRun || c.Limited() && (len(c.HeaderDirs) > 0 || !slices.Equal(c.Kernels, []string{"next"})) {
		return nil, nil, nil
	}
	if _, err := c.modules.catalog.catalog(ctx); err != nil { // which fetches lists where apt has none: they say what comes
		return nil, nil, err
	}
	if renewed, others, err = c.kernels.renewed(ctx); err != nil {
		return nil, nil, nil
	}
	for _, release := range renewed {
		c.say.note("kernels", "%s comes in another version: for that it is built apart, and not kept", release)
	}
	return renewed, others, nil
}

// forKernels is what an engine is made of, for those kernels.
func (b base) forKernels(releases []string) *base {
	b.Kernels, b.HeaderDirs = releases, nil
	return &b
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

// UnitResults are the results without what was tried after them.
func (c Checked) UnitResults() (all []UnitResult) {
	for _, u := range c.Results {
		all = append(all, u.UnitResult)
	}
	return all
}

// DoesNotBuild reports whether it was tried, and its source does not build.
func (u CheckedUnit) DoesNotBuild() bool {
	return u.State == ResultFailed && errors.As(u.Err, new(*BuildError))
}

// Err is what keeps modules from being built, the worst first: a source that does not build, what kept mago from trying one,
// packages that building takes and that are not installed, a module that is not meant for its kernel.
func (c Checked) Err() error {
	var errs [4]error
	for _, u := range c.Results {
		at := 1
		switch {
		case u.DoesNotBuild():
			at = 0
		case len(lackedBy(u.Err)) > 0:
			at = 2
		case errors.As(u.Err, new(*recipe.NotMeantError)): // or one that it needs is not
			at = 3
		}
		errs[at] = cmp.Or(errs[at], u.Err)
	}
	return cmp.Or(errs[:]...)
}

// Trial is a newer version of a source that did not build, and how that went.
type Trial struct {
	Package word.Package
	Version word.Version
	Suite   string // where apt has it, such as bookworm-backports; "" where it does not say
	Err     error
}

func (t Trial) String() string {
	text := t.Package.String() + " " + t.Version.String()
	if t.Suite != "" {
		text += " from " + t.Suite
	}
	return text
}

// word names it on the command line.
func (t Trial) word() string { return t.Package.String() + "=" + t.Version.String() }
