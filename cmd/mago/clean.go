package main

import (
	"context"
	"strings"
	"time"

	"mago/cmd/mago/internal/engine"
)

type cleanCommand struct {
	OlderThan ageOption `placeholder:"AGE" help:"Remove what was not used for AGE, such as 30d, 12h or 2w, and nothing else."`
	MaxSize   *size     `placeholder:"SIZE" help:"Remove what was used longest ago until SIZE is left, such as 5G or 500M, and nothing else."`
	Orphans   bool      `help:"Remove what is kept for kernels that are gone, and their packages from the system, and nothing else."`
	Modules   []string  `arg:"" optional:"" name:"module" help:"Names; every module by default."`
}

// Run removes opened sources, work directories and all builds of a unit but the last; with one of the options what that says.
func (c *cleanCommand) Run(a *app, ctx context.Context) error {
	if c.OlderThan == 0 && c.MaxSize == nil && !c.Orphans {
		return a.Clean(ctx, c.Modules)
	}
	how := engine.Eviction{OlderThan: time.Duration(c.OlderThan), MaxSize: -1, Orphans: c.Orphans}
	if c.MaxSize != nil {
		how.MaxSize = int64(*c.MaxSize)
	}
	if !a.quick {
		how.Confirm = func(packages []string) bool { return a.agreed(ctx, "dpkg removes "+strings.Join(packages, ", ")) }
	}
	return engine.Evict(ctx, a.Engine, c.Modules, how)
}
