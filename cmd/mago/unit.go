package main

import (
	"context"
	"fmt"
	"slices"

	"mago/cmd/mago/internal/modpkg"
	"mago/kbuild/kernel"
)

// unit is one module for one kernel: what is built, recorded, packaged and installed as a whole.
type unit struct {
	target
	kernel kernel.Kernel
}

func (u unit) packageName() string { return modpkg.Name(u.name, u.kernel.Release) }

func (u unit) packageVersion() string { return modpkg.Version(u.version, u.kernel.Version) }

func (u unit) String() string { return u.name + " for " + u.kernel.Release }

// units is every module for every kernel.
func units(targets []target, kernels []kernel.Kernel) []unit {
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

// untriedError names the units whose turn a failure has not let come.
type untriedError struct {
	err  error
	rest []string
}

func (e *untriedError) Error() string { return e.err.Error() }
func (e *untriedError) Unwrap() error { return e.err }

func (e *untriedError) hint() string {
	return "not tried: " + inWords(e.rest, 8) + "; with -i mago goes on after a failure"
}

func untried(err error, units []unit) error {
	if len(units) == 0 {
		return err
	}
	e := &untriedError{err: err}
	oneKernel := !slices.ContainsFunc(units, func(u unit) bool { return u.kernel.Release != units[0].kernel.Release })
	for _, u := range units {
		if oneKernel {
			e.rest = append(e.rest, u.name)
		} else {
			e.rest = append(e.rest, u.String())
		}
	}
	return e
}

// each does something for every unit, one after the other. The first failure ends it, unless -i has it go on.
func (ro *road) each(ctx context.Context, all []unit, do func(*unit) error) error {
	var failures []error
	for i := range all {
		err := ro.whoseFiles(do(&all[i]))
		if err == nil {
			continue
		}
		if ctx.Err() != nil || len(all) == 1 {
			return err
		}
		if !ro.KeepGoing {
			return untried(err, all[i+1:])
		}
		ro.say.failed(err)
		failures = append(failures, err)
	}
	if len(failures) == 0 {
		return nil
	}
	return &severalError{first: failures[0], failed: len(failures), units: len(all)}
}
