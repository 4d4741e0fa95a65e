package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"mago/cmd/mago/internal/store"
	"mago/debpkg/sbom"
	"mago/kbuild"
)

// reuse packages a donor's modules for a unit whose lock is held; made is false in a dry run.
func (bu *builder) reuse(ctx context.Context, u unit, from donor) (r store.Record, made bool, err error) {
	why := from.why()
	if bu.DryRun {
		bu.say.note("reuse", "would make %s: %s", u.packageName(), why)
		return r, false, nil
	}
	release, err := bu.holdSources(ctx, u)
	if err != nil {
		return r, false, err
	}
	defer release()
	drop, err := bu.holdHeaders(ctx, u)
	if err != nil {
		return r, false, err
	}
	defer drop()
	bu.say.note("reuse", "%s: %s", u.Kernel.Release, why)
	r, err = bu.recorded(ctx, u, func(at place, r *store.Record) error {
		fmt.Fprintf(at.log, "mago: %s\n", why)
		return bu.packReused(ctx, u, from, at, r)
	})
	if err == nil {
		err = bu.deliver(ctx, r)
	}
	return r, err == nil, err
}

func (bu *builder) packReused(ctx context.Context, u unit, from donor, at place, r *store.Record) error {
	result, err := bu.takeModules(ctx, u, from, at)
	if err != nil {
		return &PackError{err}
	}
	r.Reused = from.reused()
	r.Recipe, r.RecipeName, r.RecipeVersion = from.Recipe, from.RecipeName, from.RecipeVersion
	if r.Unauthenticated, err = bu.prepare.unauthenticatedTools(ctx, u); err != nil {
		return &PackError{err}
	}
	r.Unauthenticated = slices.Compact(slices.Sorted(slices.Values(append(r.Unauthenticated, from.Unauthenticated...))))
	for _, n := range u.needed {
		built, _ := bu.store.Get(unit{n, u.Kernel}.id())
		noteNeed(r, n, built)
		r.Needed = append(r.Needed, store.Needed{Module: n.name, Version: built.Version, SHA256: built.Content()})
	}
	bu.noteInputs(ctx, u, from, r)
	inputs, err := bu.reuseInputs(u, from, r)
	if err != nil {
		return &PackError{err}
	}
	if err := bu.pack(ctx, u, result, r); err != nil {
		return whosePackError(err, result)
	}
	if err := errors.Join(bu.store.StageSymvers(r.ID(), result.Symvers), bu.store.StageProven(r.ID(), nil), bu.stageBill(u, r, inputs)); err != nil {
		return &PackError{err}
	}
	return nil
}

// takeModules takes a donor's modules out of its package, once that is seen to be the very one that its record names.
func (bu *builder) takeModules(ctx context.Context, u unit, from donor, at place) (*kbuild.Result, error) {
	if !bu.store.IsWhole(from.Record) {
		return nil, fmt.Errorf("%s is not whole", from.Deb)
	}
	if err := bu.unpackModules(ctx, from.Record, at.work); err != nil {
		return nil, fmt.Errorf("open %s: %w", from.Deb, err)
	}
	if now, _ := bu.store.Get(from.ID()); now.SHA256 != from.SHA256 { // its package is never replaced while its record is there
		return nil, fmt.Errorf("%s was built anew meanwhile", from.Deb)
	}
	result := &kbuild.Result{Name: from.RecipeName, Version: from.RecipeVersion, Recipe: from.Recipe, Uses: from.uses, Modules: slices.Clone(from.modules)}
	for i, m := range result.Modules {
		name := filepath.Base(m.Path)
		result.Modules[i].File = filepath.Join(at.work, name)
		result.Modules[i].Path = filepath.Join(u.Kernel.ModulesDir, kbuild.Subdirectory, name)
	}
	symvers := filepath.Join(at.work, filepath.Base(bu.store.Symvers(from.ID())))
	if _, err := os.Stat(symvers); err == nil {
		result.Symvers = symvers
	}
	return result, bu.sign(ctx, u, result, at)
}

// sign has modules that were finished before signed as this run signs.
func (bu *builder) sign(ctx context.Context, u unit, result *kbuild.Result, at place) error {
	where, err := bu.confs.sandboxOf(ctx, u.name)
	if err != nil {
		return err
	}
	builder := bu.kbuilder(where, at.client, at.log)
	if builder.Signing, err = bu.signs.signing(ctx, u.name); err != nil {
		return err
	}
	job := bu.confs.job(u.target, u.Kernel)
	job.Work = at.work
	return builder.SignAnew(ctx, job, result)
}

// noteInputs gives the record what the unit's key is over: all that a compilation's is but tools, and the donor. Its basis is over
// the tools, too: where these are others, the inputs are compared.
func (bu *builder) noteInputs(ctx context.Context, u unit, from donor, r *store.Record) {
	r.Inputs = append(comparedInputs(bu.keys.of(ctx, u, store.Record{}).inputs), store.Input{Role: asDonor, Name: from.Kernel, Version: from.Version, SHA256: from.SHA256})
	r.Key = store.KeyOf(r.ID(), r.Inputs)
	if e := bu.confs.evaluate(ctx, u.target, u.Kernel); e.err == nil {
		r.Basis = bu.keys.basisOf(ctx, u, e.conf, keyed{r.Key, r.Inputs})
	}
}

// asDonor is the role of the build that a unit's modules are from. It may be made anew, and the unit still serves.
const asDonor = "donor"

// comparedInputs are those of a compilation that decide whether a reused unit still serves.
func comparedInputs(inputs []store.Input) []store.Input {
	return slices.DeleteFunc(slices.Clone(inputs), func(in store.Input) bool { return in.Role == asTool || isWorkDir(in) })
}

// reuseInputs are what a reused unit's package is made of: the donor's package, whose own list tells what went into its modules, and
// what they were compared with.
func (bu *builder) reuseInputs(u unit, from donor, r *store.Record) ([]sbom.Input, error) {
	files, err := bu.fileInputs(u, nil)
	modules := sbom.Input{Role: sbom.Variant, Item: sbom.Item{Name: from.Package, Version: from.Version, SHA256: from.SHA256}}
	return slices.Concat(neededInputs(*r), []sbom.Input{sourceInput(u), modules}, files), err
}
