package engine

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
	"mago/kbuild/firmware"
	"mago/kbuild/kernel"
	"mago/kbuild/signed"
)

// UnloadableError says that modules which mago does not sign would not be loaded, or not those that are.
type UnloadableError struct {
	Unit   string
	Why    string   // the kernel takes signed modules only, "" where it takes others
	Copies []string // signed modules that these would be loaded in the place of, as paths in the root
}

func (e *UnloadableError) Error() string {
	return fmt.Sprintf("install %s: mago signs no modules, and %s", e.Unit, e.reason())
}

func (e *UnloadableError) reason() string {
	if e.Why != "" {
		return "the kernel would not load them: " + e.Why
	}
	return fewOf(e.Copies, "modinfo -F signer") + " is signed: under Secure Boot only that one loads"
}

func (e *UnloadableError) Hint() string {
	if e.Why != "" {
		return "dkms signs what it builds, with a key that you enroll; with --unsigned mago installs the modules all the same, and the kernel refuses to load them until you have signed them"
	}
	return "with --unsigned mago installs its own all the same, and the kernel loads them instead of the signed ones"
}

// checkLoadable finds out whether a kernel would load modules of these names, or would load them instead of signed ones. With
// --unsigned it only says so.
func (it *installer) checkLoadable(u unit, names []string, tell bool) error {
	e := &UnloadableError{Unit: u.String(), Why: firmware.Machine{Root: it.Root}.Wanted(u.Kernel.Config()), Copies: it.signedCopies(u.Kernel, names)}
	switch {
	case e.Why == "" && len(e.Copies) == 0:
		return nil
	case !it.UnsignedModules:
		return e
	case tell:
		it.say.note("note", "the modules are not signed, and %s", e.reason())
	}
	return nil
}

// foreseenModules are the names of what a unit's recipe builds, and of what its last build has built.
func (it *installer) foreseenModules(ctx context.Context, u unit) []string {
	r, _ := it.store.Get(u.id())
	names := modpkg.Modules(r.Modules)
	if u.tree == nil {
		return names
	}
	if plan := it.confs.plan(ctx, u); plan != nil {
		for _, name := range plan.Modules {
			names = append(names, modpkg.ModuleName(name))
		}
	}
	return names
}

// signedCopies are the signed ones among the copies of modules.
func (it *installer) signedCopies(k kernel.Kernel, names []string) []string {
	return slices.DeleteFunc(it.copies(k, names), func(path string) bool {
		is, err := signed.File(filepath.Join(it.Root, path))
		return err != nil || !is
	})
}

// isUnsigned reports whether a module's files have no signatures, which somebody may have added.
func (sv *surveyor) isUnsigned(s State) bool {
	r, _ := sv.store.Get(store.ID{Module: s.Module, Kernel: s.Kernel})
	return !slices.ContainsFunc(r.Modules, func(path string) bool {
		is, err := signed.File(filepath.Join(sv.Root, path))
		return err == nil && is
	})
}
