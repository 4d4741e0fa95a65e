package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"mago/cmd/mago/internal/store"
	"mago/kbuild/deep"
	"mago/sources/lock"
)

// PurgeAllError says that purge was told no module; what it removes of all of them has to be asked for in words.
type PurgeAllError struct{}

func (e *PurgeAllError) Error() string { return "no module named" }

// clean says what to remove.
type clean struct {
	verb   string // what the lines begin with
	purge  bool
	edited bool // whether opened sources stay that somebody has edited
	chosen func(release string) bool
}

func (cl *cleaner) clean(ctx context.Context, words []string, c clean) error {
	names, err := cl.cleanNames(ctx, words)
	if err != nil {
		return err
	}
	if c.chosen, err = cl.kernels.chosen(ctx); err != nil {
		return err
	}
	c.edited = len(ModuleWords(words)) == 0
	if err := cl.catalog.sweepCatalog(ctx); err != nil {
		return err
	}
	if isAll(words) && !cl.DryRun && !cl.kernels.limited() {
		if err := store.RemoveTree(cl.ownConfs()); err != nil {
			return err
		}
	}
	var all removedCount
	for _, name := range names {
		gone, err := cl.cleanModule(ctx, name, c)
		all.addAll(gone)
		cl.tellFreed(c.verb, name, gone)
		if err != nil {
			return fmt.Errorf("%s %s: %w", c.verb, name, err)
		}
	}
	if c.purge && isAll(words) && !cl.DryRun && !cl.kernels.limited() {
		if err := cl.store.DropIndex(); err != nil {
			return err
		}
	}
	cl.tellTotal(c.verb, all)
	return nil
}

// tellTotal says how much room there is more.
func (cl *cleaner) tellTotal(verb string, gone removedCount) {
	freed := "freed"
	if cl.DryRun {
		freed = "would free"
	}
	cl.say.note(verb, "%s %s", freed, Size(gone.bytes))
}

func (cl *cleaner) tellEdited(verb, module string) {
	cl.say.note(verb, `%s: its opened source is edited and stays; "%s" removes it`, module, cl.system().Mago("clean", module))
}

// tellFreed says in a line what went of a module.
func (cl *cleaner) tellFreed(verb, module string, gone removedCount) {
	text := gone.String()
	switch {
	case text == "":
		return
	case cl.DryRun:
		text = "would remove " + text
	}
	cl.say.sized(verb, module+": "+text, gone.bytes)
}

// sweepCatalog removes what an update of the catalog has left that was killed.
func (mi *moduleIndex) sweepCatalog(ctx context.Context) error {
	if mi.DryRun || len(mi.apt.catalogConfig().Leftovers()) == 0 {
		return nil
	}
	release, err := mi.locks(mi.Wait.forLong()).Take(ctx, catalogThing("cleaned"))
	if err != nil {
		return err
	}
	defer release()
	return mi.apt.catalogConfig().Sweep()
}

// lockToClean takes nothing where nothing will be removed.
func (b *base) lockToClean(ctx context.Context, t lock.Thing) (release func(), err error) {
	if b.DryRun {
		return func() {}, nil
	}
	return b.locks(b.Wait.forLong()).Take(ctx, t)
}

// removeEach removes things of one kind, as far as they are there.
func (cl *cleaner) removeEach(kind int, paths []string, gone *removedCount) error {
	for _, path := range paths {
		if _, err := os.Lstat(path); store.Absent(err) {
			continue
		}
		bytes := deep.Size(path)
		cl.verbose("remove", path)
		if !cl.DryRun {
			if err := store.Evict(path); err != nil {
				return err
			}
			if isBelow(filepath.Dir(path), cl.Cache) {
				_ = os.Remove(filepath.Dir(path)) // stays where something else is in it
			}
		}
		gone.add(kind, 1, bytes)
	}
	return nil
}

func (b *base) verbose(phase, text string) {
	if b.Verbose {
		b.say.note(phase, "%s", text)
	}
}
