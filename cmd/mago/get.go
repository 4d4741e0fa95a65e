package main

import (
	"context"

	"mago/sources"
)

type getCommand struct{ moduleArgs }

// Run fetches and opens sources, with those that they need, for no kernel in particular.
func (c *getCommand) Run(a *app, ctx context.Context) error {
	c.apply(a)
	targets, err := a.freshTargets(ctx, c.Modules)
	if err != nil {
		return err
	}
	if targets, err = a.withNeeded(targets); err != nil {
		return err
	}
	return a.each(ctx, units(flat(targets), noKernel), func(u *unit) error {
		err := a.get(ctx, &u.target)
		if k := a.kernelToShow(ctx); err == nil && u.tree != nil && k.Headers != "" {
			a.evaluate(ctx, u.target, k) // for list and show, which say where it could not be done
		}
		return err
	})
}

type buildCommand struct{ moduleArgs }

// Run builds sources that are there already.
func (c *buildCommand) Run(a *app, ctx context.Context) error {
	c.apply(a)
	return a.buildEach(ctx, c.Modules, a.here)
}

// here is opened, and tells of a source that is not mago's own.
func (a *app) here(ctx context.Context, t *target) error {
	if t.tree != nil {
		return a.get(ctx, t)
	}
	return a.opened(ctx, t)
}

// opened finds a module's source in the cache or on the host.
func (a *app) opened(ctx context.Context, t *target) error {
	if t.tree != nil {
		return nil
	}
	if t.pkg != nil {
		if tree, ok := a.fetcher().Cached(*t.pkg); ok {
			return a.take(ctx, t, tree)
		}
	}
	return a.notHere(*t)
}

// notHere says why a module's source cannot be had without fetching.
func (a *app) notHere(t target) error {
	if t.pkg != nil && t.pkg.Unauthenticated && !a.Unsigned {
		return &sources.UnauthenticatedError{Package: t.pkg.Name.String(), Version: t.version}
	}
	return &notFetchedError{t.name}
}

type autoBuildCommand struct{ moduleArgs }

// Run fetches and builds.
func (c *autoBuildCommand) Run(a *app, ctx context.Context) error {
	c.apply(a)
	return a.buildEach(ctx, c.Modules, a.get)
}

type autoInstallCommand struct{ moduleArgs }

// Run goes the whole road.
func (c *autoInstallCommand) Run(a *app, ctx context.Context) error {
	c.apply(a)
	return a.autoInstall(ctx, c.Modules)
}
