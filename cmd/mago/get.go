package main

import "context"

type getCommand struct {
	Modules []string `arg:"" name:"module" help:"Names, all, alli (installed), allu (opened), directories or tarballs."`
}

// Run fetches and opens sources, for no kernel in particular.
func (c *getCommand) Run(a *app, ctx context.Context) error {
	targets, err := a.freshTargets(ctx, c.Modules)
	if err != nil {
		return err
	}
	return a.each(ctx, units(targets, noKernel), func(u *unit) error { return a.get(ctx, &u.target) })
}

type buildCommand struct {
	Modules []string `arg:"" name:"module" help:"Names, all, alli (installed), allu (opened), directories or tarballs."`
}

// Run builds sources that are there already.
func (c *buildCommand) Run(a *app, ctx context.Context) error {
	targets, err := a.freshTargets(ctx, c.Modules)
	if err != nil {
		return err
	}
	kernels, err := a.kernels(ctx)
	if err != nil {
		return err
	}
	return a.each(ctx, units(targets, kernels), func(u *unit) error {
		if err := a.opened(&u.target); err != nil {
			return err
		}
		_, err := a.build(ctx, *u)
		return err
	})
}

// opened finds a module's source in the cache or on the host.
func (a *app) opened(t *target) error {
	if t.tree != nil {
		return nil
	}
	if t.pkg != nil {
		if tree, ok := a.fetcher().Cached(*t.pkg); ok {
			return a.take(t, tree)
		}
	}
	return &notFetchedError{t.name}
}

type autoBuildCommand struct {
	Modules []string `arg:"" name:"module" help:"Names, all, alli (installed), allu (opened), directories or tarballs."`
}

// Run fetches and builds.
func (c *autoBuildCommand) Run(a *app, ctx context.Context) error { return a.autoBuild(ctx, c.Modules) }

type autoInstallCommand struct {
	Modules []string `arg:"" name:"module" help:"Names, all, alli (installed), allu (opened), directories or tarballs."`
}

// Run goes the whole road.
func (c *autoInstallCommand) Run(a *app, ctx context.Context) error {
	return a.autoInstall(ctx, c.Modules)
}
