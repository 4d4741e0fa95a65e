package apt

import (
	"context"
	"slices"
)

// Purge has dpkg remove packages and their configuration files, in one call. It fails with *LockedError, or with *ToolError where
// others need one of them.
func (in *Installer) Purge(ctx context.Context, packages ...string) error {
	return in.exclusively(ctx, dpkgLocks, nil, func() error {
		return in.tool(ctx, "dpkg", slices.Concat([]string{"--purge", "--"}, packages)...)
	})
}
