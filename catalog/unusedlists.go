package catalog

import (
	"bytes"
	"context"
	"path"
	"slices"
)

// forgive turns the error of a list that no source in sources.list names any more into something left out, because apt does
// not read such a list either. Errors of other lists stay; all stay where apt cannot tell.
func (c Config) forgive(ctx context.Context, lists []list, errs []error) error {
	bad := slices.IndexFunc(errs, func(err error) bool { return err != nil })
	if bad < 0 {
		return nil
	}
	out, err := c.output(ctx, "apt-get", "indextargets", "--format", "$(FILENAME)")
	if err != nil {
		return errs[bad]
	}
	accounted := bytes.Split(out, newline)
	for i, err := range errs {
		if err == nil {
			continue
		}
		name := path.Join(listsDir, lists[i].name)
		if ctx.Err() != nil || slices.ContainsFunc(accounted, func(line []byte) bool { return uncompressed(string(line)) == uncompressed(name) }) {
			return err
		}
		lists[i] = list{name: lists[i].name, left: LeftOut{List: name, Count: 1, Line: 1, Why: err.Error()}}
	}
	return nil
}
