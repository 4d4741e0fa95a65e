package engine

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"mago/cmd/mago/internal/modpkg"
	"mago/kbuild/firmware"
	"mago/kbuild/kernel"
	"mago/kbuild/signing"
)

// UnloadableError says that a kernel would not load modules, or not those of several that are signed.
type UnloadableError struct {
	Unit   string
	Why    string          // the kernel takes signed modules only, "" where it takes others
	Copies []string        // signed modules that these would be loaded in the place of, as paths in the root
	Key    string          // what mago would sign them with, "" where it has no key
	Reason firmware.Reason // why the kernel does not take what is signed with that
	Enroll string          // the file that mokutil has to be given to enroll it, "" where there is none to be given

	required bool // whether somebody else asks for signatures than the kernel
}

func (e *UnloadableError) Error() string {
	switch {
	case e.required:
		return fmt.Sprintf("%s: the configuration requires signatures, and there is no key to sign with", e.Unit)
	case e.Key != "":
		return fmt.Sprintf("%s: the kernel would not load what %s signs: %s, and %s", e.Unit, e.Key, e.reason(), e.Reason)
	}
	return fmt.Sprintf("%s: mago has no key to sign modules with, and %s", e.Unit, e.reason())
}

func (e *UnloadableError) reason() string {
	switch {
	case e.Why != "" && e.Key != "":
		return e.Why
	case e.Why != "":
		return "the kernel would not load unsigned ones: " + e.Why
	}
	return fewOf(e.Copies, "modinfo -F signer") + " is signed: under Secure Boot only that one loads"
}

// Hint is what makes modules load, and what the way out is.
func (e *UnloadableError) Hint(on System) string {
	without := "with --unsigned mago installs its own all the same, and the kernel loads them instead of the signed ones"
	if e.Why != "" || e.required {
		without = "with --unsigned mago signs nothing; the kernel refuses such modules until you have signed them"
	}
	return Hints(e.step(on), without)
}

func (e *UnloadableError) step(on System) string {
	switch {
	case e.Enroll != "":
		return fmt.Sprintf("run %q, choose a password, and run the same command again; the next boot asks for it", on.ByRoot("mokutil", "--import", e.Enroll))
	case e.Key != "":
		return fmt.Sprintf("%q says what the machine trusts", on.SudoMago("key", "status"))
	}
	return fmt.Sprintf("%q makes a key, and says how to enroll it", on.SudoMago("key", "new"))
}

// checkLoadable finds out whether a kernel would load modules of these names, or would load them instead of signed ones. With
// --unsigned it only says so.
func (it *installer) checkLoadable(u unit, names []string, tell bool) error {
	e, err := it.signs.refusal(u)
	if err != nil {
		return err
	}
	if copies := it.signedCopies(u.Kernel, names); len(copies) > 0 && !it.signs.isTrusted(u) {
		e = cmp.Or(e, &UnloadableError{Unit: u.String()})
		e.Copies = copies
	}
	switch {
	case e == nil:
		return nil
	case !it.UnsignedModules:
		return e
	case tell:
		it.say.note("note", "the modules are not signed, and %s", e.reason())
	}
	return nil
}

// refusal says why a unit's kernel would not load what mago builds, nil where it would as far as is known.
func (sg *signatures) refusal(u unit) (*UnloadableError, error) {
	k, err := sg.keyOf(u.name)
	if err != nil {
		return nil, err
	}
	trust := sg.trust(u.Kernel)
	e := &UnloadableError{Unit: u.String(), Why: trust.Wanted, required: sg.requires(u.name) && !k.is}
	if !k.is {
		if trust.Wanted == "" && !e.required {
			e = nil
		}
		return e, nil
	}
	next := trust.Of(k.Chain()...).Next
	if next.Loads != firmware.No {
		return nil, nil
	}
	e.Key, e.Reason = signing.Name(k.Certificate), next.Why
	if next.Why == firmware.NotEnrolled {
		e.Enroll = k.EnrolledFile()
	}
	return e, nil
}

// isTrusted reports whether the machine has enrolled what a unit is signed with.
func (sg *signatures) isTrusted(u unit) bool {
	k, err := sg.keyOf(u.name)
	return err == nil && k.is && sg.trust(u.Kernel).Of(k.Chain()...).IsEnrolled()
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
		message, err := signing.ReadFile(filepath.Join(it.Root, path))
		return err != nil || message == nil
	})
}
