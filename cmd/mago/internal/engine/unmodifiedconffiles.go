package engine

import (
	"context"
	"strings"
)

// unmodifiedConffiles takes the conffiles of an installed package that the administrator has edited out of the archive's package. Where
// that cannot be had they go into no package of mago's: dpkg leaves them where they are.
func (mo *modules) unmodifiedConffiles(ctx context.Context, t *target) error {
	if len(t.tree.Runtime.Edited) == 0 || mo.DryRun {
		return nil
	}
	fetcher := mo.fetcher()
	fetcher.SystemSources = false
	tree, err := fetcher.Get(ctx, *t.pkg)
	if err == nil {
		t.tree.Runtime = tree.Runtime
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	mo.say.note("note", "%s is edited, and %s is not available unedited (%s): the file stays, in no package",
		strings.Join(t.tree.Runtime.Edited, ", "), t.pkg.Name, OneLine(err))
	return nil
}
