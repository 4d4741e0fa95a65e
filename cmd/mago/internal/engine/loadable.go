package engine

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"mago/cmd/mago/internal/keyring"
	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
	"mago/debpkg/rooted"
	"mago/kbuild"
	"mago/kbuild/firmware"
	"mago/kbuild/kernel"
	"mago/kbuild/signing"
)

// checkLoadable finds out whether a kernel would load what mago builds of these names, or would load it instead of signed modules.
func (it *installer) checkLoadable(u unit, names []string) error {
	if it.UnsignedModules {
		return nil
	}
	e, err := it.signs.refusal(u)
	if e != nil || err != nil {
		return cmp.Or(err, error(e))
	}
	asked := Demand{Copies: it.signedCopies(u.Kernel, names)}
	if !asked.asks() {
		return nil
	}
	if e = unloadableError(u, asked, it.signs.lackOf(u)); e != nil {
		return e
	}
	return nil
}

// refusal says why a unit's kernel would not load what mago builds, nil where it would as far as is known.
func (sg *signatures) refusal(u unit) (*UnloadableError, error) {
	k, err := sg.keyOf(u.name)
	if err != nil {
		return nil, err
	}
	asked := Demand{Why: sg.trust(u.Kernel).Wanted, required: sg.requires(u) && !k.is}
	if !asked.asks() {
		return nil, nil
	}
	return unloadableError(u, asked, sg.lackOf(u)), nil
}

// lackOf says what keeps the machine from trusting what a unit is signed with, nil where nothing does, or where that is not known.
func (sg *signatures) lackOf(u unit) *Lack {
	k, err := sg.keyOf(u.name)
	if err != nil || !k.is {
		return &Lack{keyless: true, closed: sg.isClosed(), elsewhere: sg.isElsewhere(u.name), Enroll: sg.offer(u)}
	}
	standing := sg.trust(u.Kernel).Of(k.Chain()...)
	if standing.Next.Loads != firmware.No && (standing.IsEnrolled() || standing.Next.Why != firmware.NotWanted) {
		return nil
	}
	l := &Lack{Key: signing.Name(k.Certificate), Reason: standing.Next.Why}
	if l.Reason == firmware.NotWanted {
		l.Reason = firmware.NotEnrolled
	}
	if l.Reason == firmware.NotEnrolled {
		l.Enroll = k.EnrolledFile()
	}
	return l
}

// offer is the certificate of a key that another program has made, and that mago would sign with if it were enrolled; "" for none.
func (sg *signatures) offer(u unit) string {
	keys, _ := keyring.Find(rooted.Root(sg.Root)) // what cannot be read cannot sign
	k, _ := keyring.Offer(keys, func(k keyring.Key) bool {
		return sg.trust(u.Kernel).Of(k.Chain()...).Next.Why == firmware.NotEnrolled && k.CheckDates(time.Now()) == nil
	})
	return k.EnrolledFile()
}

// checkBuilt finds out the same of what is built, by its signatures: whoever built it may have had another key, or none. With
// --unsigned it only says so.
func (it *installer) checkBuilt(u unit, built store.Record) error {
	e, err := it.signs.refusalOf(u, built, it.signedCopies(u.Kernel, modpkg.Modules(built.Modules)))
	switch {
	case err != nil || e == nil:
		return err
	case it.UnsignedModules && e.Why != "" && !it.DryRun:
		return nil // tellOutlook says it when it is installed
	case it.UnsignedModules:
		it.say.note("note", "%s, and %s", e.lack(), e.reason())
		return nil
	}
	return e
}

// refusalOf says why what is built would not load, or be loaded instead of signed copies of the same modules; nil where it would as
// far as is known.
func (sg *signatures) refusalOf(u unit, built store.Record, copies []string) (*UnloadableError, error) {
	trust := sg.trust(u.Kernel)
	asked := Demand{Why: trust.Wanted, Copies: copies, required: sg.requires(u)}
	if !asked.asks() {
		return nil, nil
	}
	verdict, err := sg.verdictOn(built, trust)
	if err != nil || verdict.Loads != firmware.No {
		return nil, err
	}
	id := u.id()
	k, _ := sg.keyOf(u.name) // what is wrong with one is told where it is to sign
	came := built.Came && built.Signed == nil && verdict.Why != unsigned
	return unloadableError(u, asked, &Lack{
		Built: &id, Reason: verdict.Why, keyless: !k.is, elsewhere: sg.isElsewhere(u.name),
		came: came,
		kept: came && !sg.Of(u.name).Signing.Resign,
	}), nil
}

// isClosed reports whether a directory of keys is there that this user may not look into.
func (sg *signatures) isClosed() bool {
	_, err := rooted.Root(sg.Root).ReadDir(keyring.Dir)
	return errors.Is(err, fs.ErrPermission)
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

// signedCopies are the signed ones among the copies of modules, but for those that mago has installed: they are replaced.
func (it *installer) signedCopies(k kernel.Kernel, names []string) []string {
	return slices.DeleteFunc(it.copies(k, names), func(path string) bool {
		if rel, _ := filepath.Rel(moduleDir(k), path); isBelow(rel, kbuild.Subdirectory) {
			return true
		}
		message, err := signing.ReadFile(filepath.Join(it.Root, path))
		return err != nil || message == nil
	})
}
