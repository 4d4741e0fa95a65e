package main

import (
	"context"

	"mago/sources"
)

type getCommand struct{ moduleArgs }

// Run fetches and opens sources, with those that they need, for no kernel in particular.
func (c *getCommand) Run(a *app, ctx context.Context) error {
	c.apply(a)
	targets, err := a.modules.freshTargets(ctx, c.Modules)
	if err != nil {
		return err
	}
	if targets, err = a.modules.withNeeded(targets); err != nil {
		return err
	}
	return a.road.each(ctx, units(flat(targets), noKernel), func(u *unit) error {
		err := a.modules.get(ctx, &u.target)
		if k := a.kernelToShow(ctx); err == nil && u.tree != nil && k.Headers != "" {
			a.confs.evaluate(ctx, u.target, k) // for list and show, which say where it could not be done
		}
		return err
	})
}

type buildCommand struct{ moduleArgs }

// Run builds sources that are there already.
func (c *buildCommand) Run(a *app, ctx context.Context) error {
	c.apply(a)
	return a.road.buildEach(ctx, c.Modules, a.modules.here)
}

// here is opened, and tells of a source that is not mago's own.
func (mo *modules) here(ctx context.Context, t *target) error {
	if t.tree != nil {
		return mo.get(ctx, t)
	}
	return mo.opened(ctx, t)
}

// opened finds a module's source in the cache or on the host.
func (mo *modules) opened(ctx context.Context, t *target) error {
	if t.tree != nil {
		return nil
	}
	if t.pkg != nil {
		if tree, ok := mo.fetcher().Cached(*t.pkg); ok {
			return mo.take(ctx, t, tree)
		}
	}
	return mo.notHere(*t)
}

// notHere says why a module's source cannot be had without fetching.
func (mo *modules) notHere(t target) error {
	if t.pkg != nil && t.pkg.Unauthenticated && !mo.Unsigned {
		return &sources.UnauthenticatedError{Package: t.pkg.Name.String(), Version: t.version}
	}
	return &notFetchedError{t.name}
}

type autoBuildCommand struct{ moduleArgs }

// Run fetches and builds.
func (c *autoBuildCommand) Run(a *app, ctx context.Context) error {
	c.apply(a)
	return a.road.buildEach(ctx, c.Modules, a.modules.get)
}

type autoInstallCommand struct{ moduleArgs }

// Run goes the whole road.
func (c *autoInstallCommand) Run(a *app, ctx context.Context) error {
	c.apply(a)
	return a.road.autoInstall(ctx, c.Modules)
}
