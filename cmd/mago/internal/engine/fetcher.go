package engine

import (
	"mago/debpkg/rooted"
	"mago/sources"
)

func (mo *modules) fetcher() *sources.Fetcher {
	return &sources.Fetcher{
		Root: rooted.Root(mo.Root), Cache: mo.Cache, Run: mo.host.query, SystemSources: true, Unauthenticated: mo.Unauthenticated, Locks: mo.locks(mo.Wait.Limit),
	}
}
