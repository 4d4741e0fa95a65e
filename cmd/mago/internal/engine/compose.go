package engine

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
	"mago/debpkg"
	"mago/debpkg/payload"
	"mago/kbuild"
)

// compose makes the packages of a unit, and applies the policy to what they bring.
func (bu *builder) compose(ctx context.Context, u unit, r *store.Record, result *kbuild.Result) (modpkg.Packages, error) {
	settings, err := bu.settings(u.target)
	if err != nil {
		return modpkg.Packages{}, err
	}
	status, err := bu.pkgs.installed()
	if err != nil {
		return modpkg.Packages{}, err
	}
	m := modpkg.Unit{
		Module: u.name, Kernel: u.Kernel, Image: bu.apt.recommendedImage(ctx, u.Kernel), Version: u.version, Package: u.tree.Package, Tree: u.tree, SHA256: u.sourceDigest(),
		Edited: u.edited, Unauthenticated: u.unauthenticated() || u.isLocalDeb(), Vouched: u.vouched(ctx), Unchecked: r.UnauthenticatedInputs(),
		Early: bu.confs.isEarly(ctx, u, result), Included: bu.Of(u.name).Early == Yes, Settings: settings,
	}
	r.Signed = bu.signs.signed(u.name, result.Modules)
	m.SignedBy = signedBy(r.Signed)
	r.Came = slices.ContainsFunc(result.Modules, func(m kbuild.Module) bool { return m.Came })
	if from := r.Reused; from != nil {
		m.Fits = modpkg.Fits{Kernel: from.Kernel, Symbols: from.Symbols}
	}
	for _, n := range u.needed {
		m.Needed = append(m.Needed, modpkg.Needed{Module: n.name, Built: !n.unbuilt})
	}
	for p := range status.All() {
		m.Installed = append(m.Installed, p.Package)
	}
	packages, err := modpkg.Compose(m, result)
	if err == nil {
		r.Allowed, err = bu.grants(m, packages)
	}
	return packages, err
}

// grants applies the policy to a build's packages.
func (bu *builder) grants(u modpkg.Unit, packages modpkg.Packages) ([]payload.Grant, error) {
	policy := payload.Policy{Module: modpkg.OwnName(u.Module), Local: !u.Vouched, Allow: bu.Allow}
	if u.Vouched {
		policy.Vouched = u.Tree.Runtime.Paths
	}
	brought := make([]payload.Package, 1, 2)
	var err error
	if brought[0], err = payload.Of(modpkg.Name(u.Module, u.Kernel.Release), packages.Modules.Files, packages.Modules.Conffiles); err != nil {
		return nil, err
	}
	if c := packages.Common; c != nil {
		common, err := payload.Of(modpkg.CommonName(u.Module), c.Files, c.Conffiles)
		if err != nil {
			return nil, err
		}
		brought = append(brought, common)
	}
	return policy.Check(brought...)
}

// pack writes the packages and puts what they hold in the record.
func (bu *builder) pack(ctx context.Context, u unit, result *kbuild.Result, r *store.Record) error {
	p := bu.say.begin("package", u.packageName())
	defer p.end()
	if err := bu.claims.checkClaim(u.claimOf(result.Modules)); err != nil {
		return err
	}
	packages, err := bu.compose(ctx, u, r, result)
	if err != nil {
		return err
	}
	if packages.Common != nil {
		c := &store.Package{Package: modpkg.CommonName(u.name), Version: u.version}
		if c.Deb, c.SHA256, _, err = bu.writePackage(u, packages.Common); err != nil {
			return err
		}
		r.Common = c
	}
	if r.Deb, r.SHA256, r.Size, err = bu.writePackage(u, packages.Modules); err != nil {
		return err
	}
	for _, m := range result.Modules {
		r.Modules = append(r.Modules, m.Path)
	}
	r.Modprobe = modpkg.Unneeded(result.Modules)
	r.Result, r.Package = store.Built, u.packageName()
	p.done(bu.shown(r.Deb), r.Size)
	bu.tellPackages(*r, packages)
	return nil
}

// tellPackages says what came beside the modules, and what did not.
func (bu *builder) tellPackages(r store.Record, packages modpkg.Packages) {
	if r.Common != nil {
		bu.say.note("package", "%s", bu.shown(r.Common.Deb))
	}
	for _, relations := range packages.LeftOut {
		bu.say.note("note", "left out of the package, because a source that no archive vouches for may name its own packages only: %s", relations)
	}
	if len(packages.Hooks) > 0 {
		bu.say.note("scripts", "carries scripts of the source, which run as root: %s", strings.Join(packages.Hooks, ", "))
	}
}

// writePackage writes a package into the unit's stage; deb is the path that it will have.
func (bu *builder) writePackage(u unit, p *debpkg.Package) (deb, sum string, size int64, err error) {
	staged, err := debpkg.Write(bu.store.Stage(u.id()), p, debpkg.Options{Compression: modpkg.Compression(p)})
	if err != nil {
		return "", "", 0, err
	}
	if err := u.keepPrivate(staged); err != nil {
		return "", "", 0, err
	}
	sum, size, err = store.SHA256(os.Open(staged))
	return filepath.Join(bu.store.Debs(), filepath.Base(staged)), sum, size, err
}
