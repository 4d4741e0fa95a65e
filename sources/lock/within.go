package lock

import (
	"context"
	"fmt"
	"math"
	"sync"

	"golang.org/x/sync/semaphore"
)

// Process keeps the parts of one process apart: one that wants another's lock waits for it, however short the limit is,
// because the other goes on and releases it. Its zero value is ready, and goroutines may share it.
type Process struct {
	lock   sync.Mutex
	things map[string]*semaphore.Weighted // by the paths of their locks
}

// enter waits until no other part of the process has the lock. A nil Process has one part only.
func (p *Process) enter(ctx context.Context, path string, t Thing) (leave func(), err error) {
	if p == nil {
		return func() {}, nil
	}
	weight := int64(math.MaxInt64)
	if t.Shared {
		weight = 1
	}
	thing := p.thing(path)
	if err := thing.Acquire(ctx, weight); err != nil {
		return nil, fmt.Errorf("wait for %s: %w", t.What, err)
	}
	return func() { thing.Release(weight) }, nil
}

func (p *Process) thing(path string) *semaphore.Weighted {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.things == nil {
		p.things = map[string]*semaphore.Weighted{}
	}
	if p.things[path] == nil {
		p.things[path] = semaphore.NewWeighted(math.MaxInt64)
	}
	return p.things[path]
}
