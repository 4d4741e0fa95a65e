package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mago/cmd/mago/internal/store"
	"mago/debpkg/sbom"
	"mago/kbuild"
)

// reuse packages a donor's modules for a unit whose lock is held.
func (bu *builder) reuse(ctx context.Context, u unit, from donor) (store.Record, error) {
	bu.say.note("fits", "%s: fits, not built: made from the modules built for %s; all %d symbol CRCs are the same", u.packageName(), from.Kernel, from.reused().Symbols)
	return bu.recorded(ctx, u, func(log io.Writer, r *store.Record) error {
		fmt.Fprintf(log, "mago: not compiled: the modules built for %s fit %s: all %d symbol CRCs are the same\n", from.Kernel, u.Kernel.Release, from.reused().Symbols)
		return bu.within(u, func(work string) error { return bu.packReused(ctx, u, from, work, r) })
	})
}

func (bu *builder) packReused(ctx context.Context, u unit, from donor, work string, r *store.Record) error {
	result, err := bu.takeModules(ctx, u, from, work)
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
		r.Needed = append(r.Needed, store.Needed{Module: n.name, Version: built.Version, SHA256: built.SHA256})
	}
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
func (bu *builder) takeModules(ctx context.Context, u unit, from donor, work string) (*kbuild.Result, error) {
	if !bu.store.IsWhole(from.Record) {
		return nil, fmt.Errorf("%s is not whole", from.Deb)
	}
	if err := bu.unpackModules(ctx, from.Record, work); err != nil {
		return nil, fmt.Errorf("open %s: %w", from.Deb, err)
	}
	result := &kbuild.Result{Name: from.RecipeName, Version: from.RecipeVersion, Recipe: from.Recipe, Uses: from.uses, Modules: slices.Clone(from.modules)}
	for i, m := range result.Modules {
		name := filepath.Base(m.Path)
		result.Modules[i].File = filepath.Join(work, name)
		result.Modules[i].Path = filepath.Join(u.Kernel.ModulesDir, kbuild.Subdirectory, name)
	}
	symvers := filepath.Join(work, filepath.Base(bu.store.Symvers(from.ID())))
	if _, err := os.Stat(symvers); err == nil {
		result.Symvers = symvers
	}
	return result, nil
}

// reuseInputs are what a reused unit's package is made of: the donor's package, whose own list tells what went into its modules, and
// what they were compared with.
func (bu *builder) reuseInputs(u unit, from donor, r *store.Record) ([]sbom.Input, error) {
	files, err := bu.fileInputs(u, nil)
	if err != nil {
		return nil, err
	}
	modules := sbom.Input{Role: sbom.Variant, Item: sbom.Item{Name: from.Package, Version: from.Version, SHA256: from.SHA256}}
	inputs := slices.Concat(neededInputs(*r), []sbom.Input{sourceInput(u), bu.own(), modules}, files)
	r.take(u, inputs)
	return inputs, nil
}
