package main

import (
	"context"
	"fmt"
	"slices"

	"mago/cmd/mago/internal/engine"
)

// offeredNames are the kinds of module names that the completion asks for with mago completion KIND.
var offeredNames = []string{engine.NamesKnown, engine.NamesBuilt, engine.NamesKept, engine.NamesHere}

// systemCache is root's; what lies there can be installed by whoever may call sudo.
const systemCache = "/var/cache/mago"

// printNames prints names of one kind, a line each.
func (a *app) printNames(ctx context.Context, kind string) error {
	a.Reading, a.screen.quiet = true, true
	names, err := a.Names(ctx, kind)
	if err != nil {
		return err
	}
	if kind != "known" && !a.AsRoot() && a.Root == "/" && !a.OwnCache {
		more, err := a.Keeping(systemCache).Names(ctx, kind)
		if err != nil {
			return err
		}
		names = append(names, more...)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		fmt.Fprintln(a.screen.out, name)
	}
	return nil
}
