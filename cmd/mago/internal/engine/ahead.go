package engine

import (
	"context"

	"golang.org/x/sync/errgroup"

	"mago/kbuild/kernel"
)

// ahead does for several units, as many at once as the pool has tokens, what takes long in planning: their sources are fetched and
// opened, and each dkms.conf is evaluated. Planning then finds that done.
func (p *planner) ahead(ctx context.Context, all []unit) {
	if len(all) < 2 || p.DryRun {
		return
	}
	var opening, evaluating errgroup.Group
	opening.SetLimit(p.pool.Size())
	if !p.bare {
		evaluating.SetLimit(p.confs.atOnce(ctx, modulesOf(all)))
	}
	begun := map[string]bool{}
	for _, u := range all {
		if !begun[u.name] {
			begun[u.name] = true
			opening.Go(func() error { return p.open(ctx, &u.target) })
		}
	}
	_ = opening.Wait() // the units have the errors
	for _, u := range all {
		if p.bare || u.Kernel.Headers == "" || p.open(ctx, &u.target) != nil || u.tree == nil {
			continue
		}
		evaluating.Go(func() error { return p.confs.evaluate(ctx, u.target, u.Kernel).err })
	}
	_ = evaluating.Wait()
}

// trySandbox begins the choice of the sandbox, whose trial takes a while, beside the plan.
func (p *planner) trySandbox(ctx context.Context) {
	if !p.tried {
		p.tried = true
		p.trying.Go(func() { _, _ = p.confs.chooseSandbox(ctx) }) // of an error the units tell
	}
}

// neverBuilt are the units without a good build, and that the kernel would load.
func (p *planner) neverBuilt(kernels []kernel.Kernel) (some []unit) {
	for _, t := range flat(p.plan.asked) {
		for _, k := range kernels {
			u := unit{t, k}
			if p.last.Has(u.id()) || p.pkgs.packageVersion(u.packageName()) != "" {
				continue
			}
			if p.plan.Request.Goal < Installed || p.install.checkLoadable(u, nil) == nil {
				some = append(some, u)
			}
		}
	}
	return some
}
