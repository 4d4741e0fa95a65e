package engine

import (
	"cmp"
	"errors"
	"time"

	"mago/cmd/mago/internal/store"
	"mago/kbuild/recipe"
	"mago/sources"
)

func (u unit) newRecord(sandboxName string) store.Record {
	r := store.Record{
		Format: store.Format, Module: u.name, Kernel: u.Kernel.Release, Started: time.Now().UTC().Truncate(time.Second),
		Source:        u.recordSource(),
		KernelPackage: u.Kernel.Package, KernelVersion: u.Kernel.Version, Compiler: u.Kernel.Compiler.String(),
		Sandbox: sandboxName, Version: u.packageVersion(),
	}
	return r
}

func (u unit) recordSource() store.Source {
	t := u.tree
	s := store.Source{
		Name: t.Own, Version: t.Version, Origin: string(t.Origin), Path: cmp.Or(t.Archive, t.Dir), SHA256: u.sourceDigest(),
		Edited: u.edited, Closed: u.closed, Unauthenticated: u.unauthenticated(),
	}
	if u.pkg != nil {
		s.Package = u.pkg.Name.String()
	}
	return s
}

// unauthenticated reports whether the source came from an archive that nobody has vouched for.
func (u unit) unauthenticated() bool {
	return u.pkg != nil && u.pkg.Unauthenticated && u.tree.Origin == sources.Archive
}

// isLocalDeb reports whether the source came in a .deb that the user named.
func (t target) isLocalDeb() bool { return t.pkg == nil && t.tree != nil && t.tree.Package != nil }

func fail(r *store.Record, err error) {
	r.Result, r.Error = store.Failed, err.Error()
	var excluded *recipe.NotMeantError
	if errors.As(err, &excluded) {
		r.Result, r.Error = store.Excluded, excluded.Reason
	}
	if cause := CauseOf(err); cause.Kind != "" && !(r.Source.Package == "" && cause.IsTheory()) {
		r.Cause = &cause
	}
}
