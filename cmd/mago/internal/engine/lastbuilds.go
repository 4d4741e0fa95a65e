package engine

import (
	"sync"

	"mago/cmd/mago/internal/store"
)

// lastBuilds are good builds of before, which tell how much a build compiles and how long it takes.
type lastBuilds struct {
	once    sync.Once
	modules map[string]store.Record // the newest of each, whatever its kernel
}

// lastBuild is a unit's last good build, or where it has none the module's newest for another kernel.
func (b *base) lastBuild(id UnitID) (store.Record, bool) {
	if r, ok := b.store.Get(id); ok {
		return r, true
	}
	b.known.built.once.Do(func() { b.known.built.modules = newest(b.store) })
	r, ok := b.known.built.modules[id.Module]
	return r, ok
}

func newest(s *store.Store) map[string]store.Record {
	newest := map[string]store.Record{}
	all, _ := s.All() // without records nothing is foretold
	for _, r := range all {
		if r.Result == store.Built && !r.Started.Before(newest[r.Module].Started) {
			newest[r.Module] = r
		}
	}
	return newest
}

// fileCount counts the files of a whole build, whose programs each count their own.
type fileCount struct{ before, now int }

// with is the count once the program at hand has come to so many.
func (c *fileCount) with(files int) int {
	if files <= c.now {
		c.before += c.now
	}
	c.now = files
	return c.before + c.now
}
