package engine

import (
	"context"
	"crypto"
	"crypto/x509"
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
	"mago/kbuild/signing/pkcs11"
)

// signatures has modules signed: it chooses the key, opens it once a run, and knows what kernels make of it.
type signatures struct {
	*base
}

// chosenKey is a key that signs, if there is one.
type chosenKey struct {
	keyring.Key
	is  bool
	err error // why it cannot be used
}

// keyOf is the key that a module is signed with. The error is a *keyring.Error.
func (sg *signatures) keyOf(module string) (chosenKey, error) {
	if sg.signsNone(module) || sg.isElsewhere(module) {
		return chosenKey{}, nil
	}
	return sg.keyAt(sg.Of(module).Signing.Key)
}

// keyAt is the key that a path names, or the one to take where none is named. The error is a *keyring.Error.
func (sg *signatures) keyAt(path string) (chosenKey, error) {
	k, _ := sg.known.keys.of(0, path, func() (k chosenKey, _ error) {
		k, k.err = sg.find(path)
		return k, nil // so that a token that is not there is looked for once
	})
	return k, k.err
}

// signsNone reports whether nothing of a module is to be signed, whatever keys there are.
func (sg *signatures) signsNone(module string) bool {
	return sg.UnsignedModules || sg.Of(module).Signing.Signatures == SignaturesNone
}

// isElsewhere reports whether another machine signs a module.
func (sg *signatures) isElsewhere(module string) bool {
	return sg.Of(module).Signing.Signatures == SignaturesElsewhere
}

// find finds the key that a path names, or the one to take where none is named.
func (sg *signatures) find(path string) (k chosenKey, err error) {
	root := rooted.Root(sg.Root)
	if path != "" {
		k.is = true
		k.Key, err = keyring.Named(root, sg.tokens(), path)
		return k, err
	}
	keys, err := keyring.Find(root)
	if err != nil || len(keys) == 0 {
		return k, err
	}
	trust := sg.trust(kernel.Kernel{})
	k.Key, k.is = keyring.Choose(keys, func(k keyring.Key) bool { return trust.Of(k.Chain()...).IsEnrolled() })
	return k, nil
}

// tokens starts what talks to tokens, outside of every sandbox.
func (b *base) tokens() pkcs11.Helper {
	h := b.host.Tokens
	h.Run = b.host.Run
	if b.Verbose {
		h.Errors = b.Errors
	}
	return h
}

// TokensOf starts what talks to tokens that have keys, as an engine does.
func TokensOf(e *Engine) pkcs11.Helper { return e.tokens() }

// trust is what the machine trusts when it runs a kernel.
func (sg *signatures) trust(k kernel.Kernel) firmware.Trust {
	sg.known.machine.Do(func() { sg.known.trust = firmware.Machine{Root: sg.Root}.Trust(nil) })
	trust, _ := sg.known.trusts.of(0, k.Release, func() (firmware.Trust, error) { return sg.known.trust.For(k.Config()), nil })
	return trust
}

// inputs are what a module's signature adds to its units' keys: nothing where it is not signed. Where there is no key, a signed
// build serves as it is.
func (sg *signatures) inputs(module string, before store.Record) ([]store.Input, error) {
	k, err := sg.keyOf(module)
	if err == nil && !k.is && !sg.signsNone(module) {
		return slices.DeleteFunc(slices.Clone(before.Inputs), func(in store.Input) bool { return in.Role != asSignature }), nil
	}
	if err != nil || !k.is {
		return nil, err
	}
	return []store.Input{signatureInput(k.Certificate, sg.Of(module).Signing.Resign)}, nil
}

// signatureInput is a signature by a certificate, anew also of modules that come signed.
func signatureInput(c *x509.Certificate, anew bool) store.Input {
	name := signing.Name(c)
	if !anew {
		name += ", but for modules that come signed"
	}
	return store.Input{Role: asSignature, Name: "the signature's certificate", Version: name, SHA256: keyring.SHA256(c)}
}

// open opens the key of a module, which may ask for a passphrase; nil where it is not signed. The error is a *keyring.Error.
func (sg *signatures) open(ctx context.Context, module string) (*signing.Signer, error) {
	k, err := sg.keyOf(module)
	if err != nil || !k.is {
		return nil, err
	}
	return sg.openKey(ctx, k.Key, sg.Of(module).Signing)
}

// openKey opens a key once a run.
func (sg *signatures) openKey(ctx context.Context, k keyring.Key, how Signing) (*signing.Signer, error) {
	return sg.known.signers.of(0, k.Path, func() (*signing.Signer, error) {
		if k.Encrypted && sg.OpenKey != nil {
			return sg.OpenKey(ctx, k, how)
		}
		return k.Signer(nil)
	})
}

// signing is how the modules of a unit are signed.
func (sg *signatures) signing(ctx context.Context, module string) (kbuild.Signing, error) {
	signer, err := sg.open(ctx, module)
	if err != nil || signer == nil {
		return kbuild.Signing{}, err
	}
	return kbuild.Signing{
		Sign: func(_ string, sum []byte, hash crypto.Hash) ([]byte, error) { return signer.Message(sum, hash) },
		Anew: sg.Of(module).Signing.Resign,
	}, nil
}

// checkKey says why the modules of a unit cannot be signed with their key; the error is a *keyring.Error or a *signing.HashError.
func (sg *signatures) checkKey(u unit) error {
	k, err := sg.keyOf(u.name)
	if err != nil || !k.is {
		return err
	}
	if err := k.CheckDates(time.Now()); err != nil {
		return err
	}
	if why := firmware.Unusable(u.Kernel.Config(), k.Chain()...); why != "" {
		return &keyring.Error{Path: k.Path, Err: &UnusableKeyError{u.Kernel.Release, signing.Strength(k.Certificate), why}}
	}
	_, err = kbuild.SignatureHash(u.Kernel)
	return err
}

// UnusableKeyError is a kernel that cannot verify what a key of some kind has signed.
type UnusableKeyError struct {
	Kernel string // release
	Kind   string // of the key
	Why    string
}

func (e *UnusableKeyError) Error() string {
	return "Linux " + e.Kernel + " cannot verify what an " + e.Kind + " key has signed: " + e.Why
}

// checkSignature says what keeps a unit's modules from being signed, and from being loaded where they are for a kernel of this machine.
func (p *planner) checkSignature(u unit) error {
	if err := p.signs.checkKey(u); err != nil {
		return err
	}
	if p.plan.Request.Goal == Installed {
		return p.install.checkLoadable(u, nil)
	}
	if !p.buildsForHere(u) {
		return nil
	}
	e, err := p.signs.refusal(u)
	if e != nil && !p.UnsignedModules {
		return e
	}
	p.signs.tellUnknown(u)
	return err
}

// isHere reports whether a kernel is installed on this machine.
func (p *planner) isHere(release string) bool {
	if p.here == nil {
		p.here = setOf(p.kernels.finder().Installed())
	}
	return p.here[release]
}

// buildsForHere reports whether what is only built has to load on this machine, too, once it is built.
func (p *planner) buildsForHere(u unit) bool {
	return !p.signs.isElsewhere(u.name) && (p.signs.requires(u) || p.isHere(u.Kernel.Release))
}

// requires reports whether the configuration asks for a unit's signatures, whatever its kernel does with them; one that looks at none
// gets none.
func (sg *signatures) requires(u unit) bool {
	config := u.Kernel.Config()
	if len(config) > 0 && config["CONFIG_MODULE_SIG"] != "y" {
		return false
	}
	return sg.Of(u.name).Signing.Signatures == SignaturesRequired || sg.isElsewhere(u.name)
}

// openKeys opens the keys of all units that are to be built: what keeps one from being opened is told before anything compiles.
func (p *planner) openKeys(ctx context.Context) error {
	if p.DryRun {
		return nil
	}
	for _, u := range p.plan.Units {
		if u.There || u.Err != nil || !u.Due.Build {
			continue
		}
		if _, err := p.signs.open(ctx, u.name); err != nil {
			return err
		}
		p.signs.tellUnsigned(u.unit)
		p.signs.tellExpiry(u.unit)
	}
	return nil
}

// tellUnsigned says that modules are not signed because only root may read the key, if there is one; once.
func (sg *signatures) tellUnsigned(u unit) {
	k, err := sg.keyOf(u.name)
	if err != nil || k.is || sg.signsNone(u.name) || sg.isElsewhere(u.name) || !sg.isClosed() {
		return
	}
	if _, told := sg.known.told.LoadOrStore(keyring.Dir, true); !told {
		sg.say.note("note", "not signed: only root may look for a key in %s; mago sign has modules signed later", keyring.Dir)
	}
}

// tellExpiry says that a key which signs has to be renewed soon, once for each.
func (sg *signatures) tellExpiry(u unit) {
	k, err := sg.keyOf(u.name)
	if err != nil || !k.is || time.Until(k.Expires()) > keyring.Soon {
		return
	}
	if _, told := sg.known.told.LoadOrStore(k.Path, true); !told {
		sg.say.note("warning", "the certificate %s, which modules are signed with, expires on %s: mago key status says what to do", signing.Name(k.Certificate), k.Expires().UTC().Format(time.DateOnly))
	}
}

// isPending reports whether somebody has to answer the next boot's blue screen before a unit's kernel takes what is built.
func (sg *signatures) isPending(u unit, built store.Record) bool {
	trust := sg.trust(u.Kernel)
	if built.Signed == nil || len(trust.Lists[firmware.MOKNew].Entries) == 0 {
		return false
	}
	verdict, err := sg.verdictOn(built, trust)
	return err == nil && verdict.Why == firmware.PendingEnrolment
}

// tellPending says what the next boot asks where modules load only after it.
func (b *base) tellPending() {
	if !b.known.pending.Load() {
		return
	}
	b.say.note("note", "the next boot's blue screen asks: take Enroll MOK, Continue, Yes, type the password that mokutil was given, and take Reboot; modprobe loads the modules then")
	b.say.advise("next", b.system().ByRoot("systemctl", "reboot"))
}

// signed is what some of a build's modules are signed with, nil for none.
func (sg *signatures) signed(module string, modules []kbuild.Module) *store.Signed {
	k, err := sg.keyOf(module)
	if err != nil || !k.is {
		return nil
	}
	return signedWith(k.Certificate, modules)
}

// signedWith is a certificate that has signed some modules; nil where it has signed none.
func signedWith(c *x509.Certificate, modules []kbuild.Module) *store.Signed {
	s := &store.Signed{Name: signing.Name(c), SHA256: keyring.SHA256(c)}
	for _, m := range modules {
		if m.Signed {
			s.Modules = append(s.Modules, m.Path)
		}
	}
	if s.Modules == nil {
		return nil
	}
	return s
}

func signedBy(s *store.Signed) modpkg.SignedBy {
	if s == nil {
		return modpkg.SignedBy{}
	}
	return modpkg.SignedBy{Name: s.Name, SHA256: s.SHA256}
}
