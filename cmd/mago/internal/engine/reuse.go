package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"mago/cmd/mago/internal/store"
	"mago/kbuild"
	"mago/kbuild/kernel"
	"mago/kbuild/proof"
	"mago/kbuild/recipe"
)

// donor is a good build for another kernel whose modules serve a unit as they are.
type donor struct {
	store.Record
	modules []kbuild.Module
	uses    []string // of the unit's needed modules, those whose symbols they use
}

// reused says that, as the record has it.
func (d donor) reused() *store.Reuse {
	return &store.Reuse{Kernel: d.Kernel, Key: d.Key, SHA256: d.SHA256, Symbols: kbuild.Symbols(d.modules)}
}

// why says it to the user.
func (d donor) why() string {
	return fmt.Sprintf("fits, not built: its modules were built for %s; all %s are the same", d.Kernel, Plural(kbuild.Symbols(d.modules), "symbol CRC"))
}

// errNoDonor says that no build for another kernel is of the unit's source.
var errNoDonor = errors.New("no other kernel's build is of this source")

// misfitError says why the nearest such build does not serve.
type misfitError struct {
	kernel string
	err    error
}

func (e *misfitError) Error() string {
	return fmt.Sprintf("what was built for %s does not fit: %v", e.kernel, e.err)
}
func (e *misfitError) Unwrap() error { return e.err }

// mayServe finds the donor of a unit whose package is due, where modules of other kernels may serve; otherwise it says why none
// does.
func (dn *donors) mayServe(ctx context.Context, u unit) (d donor, fits bool) {
	if !dn.Of(u.name).Reuse || dn.forced(u.target) {
		return d, false
	}
	d, err := dn.of(ctx, u)
	if err != nil && !errors.Is(err, errNoDonor) {
		dn.say.note("compiles", "%s: %v", u.packageName(), err)
	}
	return d, err == nil
}

// of finds the nearest kernel's build that serves a unit. It is one that was compiled, of the same source by the same recipe and
// settings, beside the same needed modules, for a kernel of the same shape, and this kernel has all symbols with the very CRCs.
func (dn *donors) of(ctx context.Context, u unit) (d donor, err error) {
	builds, err := dn.buildsElsewhere(u)
	if err != nil || len(builds) == 0 {
		return d, cmp.Or(err, errNoDonor)
	}
	needed, err := dn.builtNeeds(u)
	if err != nil {
		return d, err
	}
	candidates := dn.candidates(builds)
	var facts []proof.Module
	for _, c := range candidates {
		facts = append(facts, kbuild.Facts(c.proven.Modules)...)
	}
	offered, err := kbuild.Offered(u.Kernel, needed, facts)
	if err != nil {
		return d, err
	}
	var first error
	for _, c := range candidates {
		uses, err := kbuild.Fits(c.proven.Modules, offered)
		if err == nil {
			err = dn.differs(ctx, u, c.Record, c.proven)
		}
		if err == nil {
			return donor{c.Record, c.proven.Modules, uses}, nil
		}
		first = cmp.Or(first, error(&misfitError{c.Kernel, err}))
	}
	return d, cmp.Or(first, errNoDonor)
}

// candidate is a build for another kernel, and what was proved of its modules.
type candidate struct {
	store.Record
	proven proven
}

// candidates are those builds whose packages are here, and of which enough is known.
func (dn *donors) candidates(builds []store.Record) (some []candidate) {
	for _, r := range builds {
		if p, ok := dn.provenOf(r); ok && !r.Came && dn.usable(r) && dn.store.HasDeb(r) {
			some = append(some, candidate{r, p})
		}
	}
	return some
}

// reuse looks whether a unit that is due fits already; those that it needs, and other kernels' units, may still change that.
func (p *planner) reuse(ctx context.Context, u unit, planned *Unit) {
	if planned.Err != nil || !planned.Due.Build || !p.Of(u.name).Reuse || p.forced(u.target) {
		return
	}
	d, err := p.donors.of(ctx, u)
	switch {
	case err == nil:
		planned.Due.Reuse, planned.Due.Why = &d.Record, d.why()
	case !errors.Is(err, errNoDonor):
		planned.Due.Why += "; " + err.Error()
	}
}

// buildsElsewhere are the builds of a unit's source that were compiled for other kernels, the nearest first.
func (dn *donors) buildsElsewhere(u unit) (builds []store.Record, err error) {
	if u.tree == nil || u.Kernel.Headers == "" {
		return nil, nil
	}
	all, err := dn.store.All(u.name)
	if err != nil {
		return nil, err
	}
	releases, flavour := []string{u.Kernel.Release}, kernel.Flavour(u.Kernel.Release)
	for _, r := range all {
		s := r.Source
		if r.Result == store.Built && r.Kernel != u.Kernel.Release && r.Reused == nil && s.SHA256 == u.sourceDigest() && s.Version == u.tree.Version && s.Is(u.recordSource()) {
			builds = append(builds, r)
			if kernel.Flavour(r.Kernel) == flavour {
				releases = append(releases, r.Kernel)
			}
		}
	}
	releases = kernel.SortReleases(releases)
	here := slices.Index(releases, u.Kernel.Release)
	away := func(r store.Record) int {
		at := slices.Index(releases, r.Kernel)
		if at < 0 { // of another flavour, which has another configuration
			return len(releases)
		}
		return max(at-here, here-at)
	}
	slices.SortStableFunc(builds, func(a, b store.Record) int { return cmp.Compare(away(a), away(b)) })
	return builds, nil
}

// newestFirst has the kernels in that order: each may take the modules of one that was built before it.
func newestFirst(kernels []kernel.Kernel) []kernel.Kernel {
	var releases []string
	for _, k := range kernels {
		releases = append(releases, k.Release)
	}
	releases = kernel.SortReleases(releases)
	return slices.SortedStableFunc(slices.Values(kernels), func(a, b kernel.Kernel) int {
		return slices.Index(releases, b.Release) - slices.Index(releases, a.Release)
	})
}

// builtNeeds are the modules that a unit needs, each with the directory of its last build's Module.symvers.
func (dn *donors) builtNeeds(u unit) (needed []recipe.Needed, err error) {
	for _, n := range u.needed {
		id := unit{n, u.Kernel}.id()
		if r, ok := dn.store.Get(id); n.unbuilt || !ok || !dn.store.HasDeb(r) {
			return nil, &NotBuiltError{Module: n.name, Release: u.Kernel.Release}
		}
		needed = append(needed, recipe.Needed{Module: n.name, Modules: dn.store.Dir(id)})
	}
	return needed, nil
}

// differs says what beside its symbols keeps a build for another kernel from serving a unit, nil where nothing does.
func (dn *donors) differs(ctx context.Context, u unit, r store.Record, p proven) error {
	recipe, err := dn.shapeOf(ctx, u)
	if err != nil {
		return err
	}
	shape, err := u.Kernel.Shape()
	switch {
	case err != nil:
		return err
	case p.Shape != shape:
		return dn.otherShape(u.Kernel, r.Kernel)
	case p.Recipe != recipe:
		return errors.New("dkms.conf or dkms's settings say something else for this kernel")
	}
	return cmp.Or(dn.otherTools(ctx, u, r), dn.otherNeeds(u, r))
}

// otherTools says which tool is another than the one that a build used: what would be built anew for its own kernel serves no
// other one.
func (dn *donors) otherTools(ctx context.Context, u unit, r store.Record) error {
	tools := func(inputs []store.Input) []store.Input {
		return slices.DeleteFunc(slices.Clone(inputs), func(in store.Input) bool { return in.Role != asTool })
	}
	had, err := dn.store.Load(r.ID()) // with its inputs
	if why := changed(tools(dn.keys.of(ctx, u, store.Record{}).inputs), tools(had.Inputs)); err == nil && why != "" {
		err = errors.New(why)
	}
	return err
}

// otherShape names the options by which two kernels are not of one shape, as far as the other is here.
func (dn *donors) otherShape(k kernel.Kernel, release string) error {
	const most = 5
	other, err := dn.kernels.kernel(release)
	options := other.Config().Differences(k.Config())
	if err != nil || len(options) == 0 {
		return errors.New("that kernel is of another configuration, compiler or vermagic")
	}
	return fmt.Errorf("the kernels' configurations differ in %s", InWords(options, most))
}

// otherNeeds says that a build was compiled against other modules than the unit is going to have, or other sources of them.
func (dn *donors) otherNeeds(u unit, r store.Record) error {
	if len(u.needed) != len(r.Needed) {
		return errors.New("it was compiled against other modules")
	}
	for i, n := range u.needed {
		was := r.Needed[i]
		then, _ := dn.store.Get(store.ID{Module: was.Module, Kernel: r.Kernel})
		now, _ := dn.store.Get(unit{n, u.Kernel}.id())
		if was.Module != n.name || was.SHA256 == "" || then.Content() != was.SHA256 || then.Source.SHA256 != now.Source.SHA256 {
			return fmt.Errorf("it was compiled against another %s", n.name)
		}
	}
	return nil
}
