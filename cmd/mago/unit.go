package main

import (
	"context"
	"fmt"

	"mago/kbuild"
)

// unit is one module for one kernel: what is built, recorded, packaged and installed as a whole.
type unit struct {
	target
	kernel kbuild.Kernel
}

func (u unit) packageName() string { return packageName(u.name, "modules", u.kernel.Release) }

func (u unit) packageVersion() string { return packageVersion(u.version, u.kernel.Version) }

func (u unit) String() string { return u.name + " for " + u.kernel.Release }

// units is every module for every kernel.
func units(targets []target, kernels []kbuild.Kernel) []unit {
	var all []unit
	for _, t := range targets {
		for _, k := range kernels {
			all = append(all, unit{t, k})
		}
	}
	return all
}

// severalError sums up the failures of a run that went on after them (-i) and has told each; its exit code is the first
// one's.
type severalError struct {
	first  error
	failed int
	units  int
}

func (e *severalError) Error() string {
	return fmt.Sprintf("%d of %d failed", e.failed, e.units)
}

func (e *severalError) Unwrap() error { return e.first }

// each does something for every unit, one after the other. The first failure ends it, unless -i has it go on.
func (a *app) each(ctx context.Context, all []unit, do func(*unit) error) error {
	var failures []error
	for i := range all {
		err := a.whoseFiles(do(&all[i]))
		if err == nil {
			continue
		}
		if !a.NonInter || len(all) == 1 || ctx.Err() != nil {
			return err
		}
		tell(a.stderr, err)
		failures = append(failures, err)
	}
	if len(failures) == 0 {
		return nil
	}
	return &severalError{first: failures[0], failed: len(failures), units: len(all)}
}
