package engine

import (
	"archive/tar"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"

	"mago/cmd/mago/internal/keyring"
	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
	"mago/debpkg"
	"mago/debpkg/rooted"
	"mago/kbuild"
	"mago/kbuild/firmware"
	"mago/kbuild/kernel"
	"mago/kbuild/signing"
)

// UnloadableError says that a kernel would not load modules, or not those of several that are signed.
type UnloadableError struct {
	Unit   string
	Why    string          // the kernel loads only what it trusts, "" where it loads anything
	Copies []string        // signed modules that these would be loaded in the place of, as paths in the root
	Key    string          // what mago would sign them with, "" where it has no key
	Reason firmware.Reason // what is wrong with the signatures of that, or of what is built
	Enroll string          // the file that mokutil has to be given to enroll the key, "" where there is none to be given
	Built  *store.ID       // what is built and would be installed, nil where it is still to be built

	closed   bool // whether there may be a key that only root may read
	required bool // whether it is the configuration that asks for signatures
}

func (e *UnloadableError) Error() string {
	if e.required {
		return e.Unit + ": the configuration requires signatures, and there is no key to sign with"
	}
	return fmt.Sprintf("%s: %s, and %s", e.Unit, e.lack(), e.reason())
}

// lack is what the modules lack.
func (e *UnloadableError) lack() string {
	switch {
	case e.Built != nil && e.Reason == unsigned:
		return "what is built is not signed"
	case e.Built != nil:
		return "what is built is signed, but " + string(e.Reason)
	case e.Key != "":
		return e.Key + " signs, but " + string(e.Reason)
	case e.closed:
		return "mago signs nothing without root's rights, for only root may look for a key in " + keyring.Dir
	}
	return "mago has no key to sign modules with"
}

func (e *UnloadableError) reason() string {
	if e.Why != "" {
		return "the kernel loads only modules that it trusts: " + e.Why
	}
	return fewOf(e.Copies, "modinfo -F signer") + " is signed: under Secure Boot only that one loads"
}

// Hint is what makes modules load, and what the way out is.
func (e *UnloadableError) Hint(on System) string {
	without := "with --unsigned mago installs its own all the same, and the kernel loads them instead of the signed ones"
	switch {
	case e.Why != "":
		without = "with --unsigned mago signs nothing and goes on; the kernel refuses such modules until you have signed them"
	case e.required:
		without = "with --unsigned mago signs nothing and goes on"
	}
	return Hints(e.step(on), without)
}

func (e *UnloadableError) step(on System) string {
	switch {
	case e.Built != nil:
		return fmt.Sprintf("%q signs it anew, without a compiler, or says what it lacks", on.Mago("auto-build", "-l", e.Built.Kernel, e.Built.Module))
	case e.Enroll != "":
		return fmt.Sprintf("run %q, choose a password, and run the same command again; the next boot asks for it", on.ByRoot("mokutil", "--import", e.Enroll))
	case e.Key != "":
		return fmt.Sprintf("%q says what the machine trusts", on.SudoMago("key", "status"))
	case e.closed:
		return "run the same command as root; or build with --unsigned, and have root sign it: mago help sign"
	}
	return fmt.Sprintf("%q makes a key, and says how to enroll it", on.SudoMago("key", "new"))
}

// checkLoadable finds out whether a kernel would load what mago builds of these names, or would load it instead of signed modules.
func (it *installer) checkLoadable(u unit, names []string) error {
	if it.UnsignedModules {
		return nil
	}
	e, err := it.signs.refusal(u)
	if e != nil || err != nil {
		return cmp.Or(err, error(e))
	}
	copies := it.signedCopies(u.Kernel, names)
	if len(copies) == 0 {
		return nil
	}
	if e = it.signs.lackOf(u); e != nil {
		e.Copies = copies
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
	wanted, required := sg.trust(u.Kernel).Wanted, sg.requires(u.name) && !k.is
	if wanted == "" && !required {
		return nil, nil
	}
	e := sg.lackOf(u)
	if e != nil {
		e.Why, e.required = wanted, required
	}
	return e, nil
}

// lackOf says what keeps the machine from trusting what a unit is signed with, nil where nothing does, or where that is not known.
func (sg *signatures) lackOf(u unit) *UnloadableError {
	e := &UnloadableError{Unit: u.String()}
	k, err := sg.keyOf(u.name)
	if err != nil || !k.is {
		e.closed = sg.isClosed()
		return e
	}
	standing := sg.trust(u.Kernel).Of(k.Chain()...)
	if standing.Next.Loads != firmware.No && (standing.IsEnrolled() || standing.Next.Why != firmware.NotWanted) {
		return nil
	}
	e.Key, e.Reason = signing.Name(k.Certificate), standing.Next.Why
	if e.Reason == firmware.NotWanted {
		e.Reason = firmware.NotEnrolled
	}
	if e.Reason == firmware.NotEnrolled {
		e.Enroll = k.EnrolledFile()
	}
	return e
}

// checkBuilt finds out the same of what is built, by its signatures: whoever built it may have had another key, or none. With
// --unsigned it only says so.
func (it *installer) checkBuilt(u unit, built store.Record) error {
	trust := it.signs.trust(u.Kernel)
	e := &UnloadableError{Unit: u.String(), Why: trust.Wanted, Copies: it.signedCopies(u.Kernel, modpkg.Modules(built.Modules))}
	if e.Why == "" && it.signs.requires(u.name) {
		e.Why = "the configuration requires signatures"
	}
	if e.Why == "" && len(e.Copies) == 0 {
		return nil
	}
	reason, err := it.signs.reasonAgainst(built, trust)
	if err != nil || reason == "" {
		return err
	}
	id := u.id()
	e.Built, e.Reason = &id, reason
	if !it.UnsignedModules {
		return e
	}
	it.say.note("note", "%s, and %s", e.lack(), e.reason())
	return nil
}

// reasonAgainst says what is wrong with the signature of one of a build's modules, "" where nothing is, as far as is known.
func (sg *signatures) reasonAgainst(built store.Record, trust firmware.Trust) (firmware.Reason, error) {
	deb, err := debpkg.Open(built.Deb)
	if err != nil {
		return "", err
	}
	defer deb.Close()
	data, err := deb.Data()
	if err != nil {
		return "", err
	}
	defer data.Close()
	known := sg.certificates(trust)
	for files := tar.NewReader(data); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		if !slices.Contains(built.Modules, path.Join("/", h.Name)) {
			continue
		}
		message, err := signing.Read(files)
		if err != nil {
			return "", err
		}
		if message == nil {
			return unsigned, nil
		}
		if next := judge(message, trust, known); next.Loads == firmware.No {
			return next.Why, nil
		}
	}
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
