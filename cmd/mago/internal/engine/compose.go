package engine

import (
	"context"

	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
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
		Module: u.name, Kernel: u.Kernel, Version: u.version, Package: u.pkg, Tree: u.tree, SHA256: u.sourceDigest(),
		Edited: u.edited, Unauthenticated: u.unauthenticated(), Vouched: u.vouched(ctx), Unchecked: r.UnauthenticatedInputs(),
		Settings: settings,
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
