package engine

import (
	"context"
	"slices"

	"mago/cmd/mago/internal/modpkg"
	"mago/kbuild"
)

// isEarly reports whether a unit's modules are marked for early boot: as the configuration says, else by dkms.conf's
// REMAKE_INITRD or by what the source brings for an initramfs.
func (ev *evaluator) isEarly(ctx context.Context, u unit, result *kbuild.Result) bool {
	switch ev.Of(u.name).Early {
	case Yes:
		return true
	case No:
		return false
	}
	brought := slices.Clone(u.tree.Runtime.Paths)
	if result.Package != nil {
		for _, f := range result.Package.Files {
			brought = append(brought, f.Path)
		}
	}
	e := ev.evaluate(ctx, u.target, u.Kernel)
	return slices.ContainsFunc(brought, modpkg.IsInitramfsHook) || e.conf != nil && e.conf.RemakesInitrd()
}
