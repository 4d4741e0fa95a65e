package engine

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"mago/cmd/mago/internal/store"
	"mago/sources/lock"
)

// Eviction says what clean removes of all that mago keeps and can make or fetch again.
type Eviction struct {
	OlderThan time.Duration // what was not used for so long; 0 is nothing
	MaxSize   int64         // what was used longest ago, until the rest has so many bytes; negative is nothing
	Orphans   bool          // what is for kernels that exist nowhere any more, and what dpkg has for kernels that are gone from here

	// Confirm, if not nil, is asked whether dpkg may remove these packages.
	Confirm func(packages []string) bool
}

// evictor is one eviction. It leaves alone what is installed, what somebody has edited and what another process uses.
type evictor struct {
	*cleaner
	Eviction
	begun   time.Time
	words   []string                  // the modules that are named
	meant   func(release string) bool // the kernels that -l and -k choose
	orphans map[UnitID]bool           // whose packages are, or were, installed here for a kernel that is gone
	nowhere map[string]bool           // kernels, by their releases
	gone    map[string]removedCount   // by module, or by kernel
	removed map[UnitID]bool
	purged  []string // packages that dpkg has removed, or in a dry run would
	advised bool     // what root has to do
}

// Evict removes what an eviction says, of the modules that are named, or of all.
func Evict(ctx context.Context, e *Engine, words []string, how Eviction) error {
	v := &evictor{cleaner: e.cleaner, Eviction: how, begun: time.Now(), words: words, gone: map[string]removedCount{}, removed: map[UnitID]bool{}}
	chosen, err := v.chosenThings(ctx, words)
	if err != nil {
		return err
	}
	if err = v.removeAll(ctx, chosen); err == nil || len(v.gone) > 0 {
		v.tell() // of what went before an error, too
	}
	return err
}

func (v *evictor) removeAll(ctx context.Context, chosen func(UnitID) bool) error {
	if v.Orphans {
		if err := v.removeOrphans(ctx, chosen); err != nil {
			return err
		}
	}
	things, err := v.keptThings(ctx, chosen)
	if err == nil {
		err = v.findNowhere(ctx, things)
	}
	if err == nil {
		err = v.evict(ctx, things)
	}
	if err != nil {
		return err
	}
	return v.removeCommon(ctx)
}

// chosenThings gives the test for what words, -l and -k choose; what is for no kernel goes only where all kernels are meant.
func (v *evictor) chosenThings(ctx context.Context, words []string) (func(UnitID) bool, error) {
	var err error
	if v.meant, err = v.kernels.chosen(ctx); err != nil {
		return nil, err
	}
	var names []string
	if !isAll(words) {
		if names, err = v.moduleNames(ctx, ModuleWords(words)); err != nil {
			return nil, err
		}
	}
	return func(id UnitID) bool {
		return (names == nil || slices.Contains(names, id.Module)) && (id.Kernel != "" && v.meant(id.Kernel) || !v.kernels.limited())
	}, nil
}

// evict removes things that are of no use any more, then, where the rest is too large, that in the order of its last use.
func (v *evictor) evict(ctx context.Context, things []keptThing) error {
	var rest []keptThing
	var size int64
	for _, t := range things {
		old := v.OlderThan > 0 && v.begun.Sub(t.used) > v.OlderThan
		gone := false
		if !t.installed && (old || v.Orphans && v.isOrphan(t)) {
			var err error
			if gone, err = v.remove(ctx, t); err != nil {
				return err
			}
		}
		if !gone {
			size += t.bytes
			rest = append(rest, t)
		}
	}
	if v.MaxSize < 0 {
		return nil
	}
	slices.SortStableFunc(rest, keptThing.compare)
	for _, t := range rest {
		if size <= v.MaxSize || t.installed {
			continue
		}
		gone, err := v.remove(ctx, t)
		if err != nil {
			return err
		}
		if gone {
			size -= t.bytes
		}
	}
	return nil
}

// isOrphan reports whether all kernels that a thing is for are gone.
func (v *evictor) isOrphan(t keptThing) bool {
	some := len(t.kernels) > 0 && !slices.ContainsFunc(t.kernels, func(release string) bool { return !v.nowhere[release] })
	return some || v.orphans[t.UnitID]
}

// remove removes a thing; what another process uses stays, with a line.
func (v *evictor) remove(ctx context.Context, t keptThing) (gone bool, err error) {
	var count removedCount
	err = t.remove(ctx, &count)
	v.add(t.label, count)
	if busy := (*lock.BusyError)(nil); errors.As(err, &busy) {
		v.say.note("clean", "%v; it stays", busy)
		return false, nil
	}
	v.removed[t.UnitID] = err == nil
	return err == nil, err
}

// removeCommon removes the packages of common files that no build has any more.
func (v *evictor) removeCommon(ctx context.Context) error {
	for _, module := range builtModules(v.removed) {
		var gone removedCount
		err := v.cleanCommon(ctx, module, func(r store.Record) bool { return !v.removed[r.ID()] }, &gone)
		if busy := (*lock.BusyError)(nil); err != nil && !errors.As(err, &busy) {
			return err
		}
		v.add(module, gone)
	}
	return nil
}

// builtModules are the modules of units.
func builtModules(units map[UnitID]bool) (modules []string) {
	for id := range units {
		if id.Kernel != "" && id.Module != "" && !slices.Contains(modules, id.Module) {
			modules = append(modules, id.Module)
		}
	}
	return modules
}

func (v *evictor) add(label string, gone removedCount) {
	if gone == (removedCount{}) {
		return
	}
	sum := v.gone[label]
	sum.addAll(gone)
	v.gone[label] = sum
}

// tell says what went, by module, and how much.
func (v *evictor) tell() {
	var all removedCount
	for _, label := range slices.Sorted(maps.Keys(v.gone)) {
		all.addAll(v.gone[label])
		v.tellFreed("clean", label, v.gone[label])
	}
	v.tellTotal("clean", all)
}
