// Package jobs shares the machine's processors among builds by the protocol of GNU make's jobserver (info make, "Job Slots").
//
// A pool has so many tokens. A build that has entered holds one, its make's implicit token; the others lie in pipes, one of each
// build's own, from which its makes take them and into which they put them back. The pool moves tokens from a pipe where they
// lie unread into one that is empty. It counts what it has lent and believes nothing that it reads: who keeps tokens or invents
// some changes no other build's share.
package jobs

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Pool is a number of tokens, each for one compiler.
type Pool struct {
	size int
	now  func() time.Time

	lock    sync.Mutex
	clients []*Client
	coming  int      // builds that are to enter, as far as that was told
	queue   []*entry // builds that wait, the first of them first
	serving bool     // whether a goroutine balances the pipes
}

// entry is a build that waits for its first token.
type entry struct {
	client *Client
	turn   chan struct{} // closed when it has entered
}

// NewPool makes a pool of n tokens, at least one.
func NewPool(n int) *Pool { return &Pool{size: max(n, 1), now: time.Now} }

// Size is the number of tokens.
func (p *Pool) Size() int { return p.size }

// Expect says how many builds are to enter in all.
func (p *Pool) Expect(builds int) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.coming = builds
}

// AtOnce is how many builds there can be at the same time.
func (p *Pool) AtOnce() int {
	p.lock.Lock()
	defer p.lock.Unlock()
	return max(1, min(p.size, p.coming))
}

// Enter waits, in the order of the calls, until fewer builds are at work than there are tokens. The caller calls Leave when its
// build has ended.
func (p *Pool) Enter(ctx context.Context) (*Client, error) {
	c, err := newClient(p)
	if err != nil {
		return nil, err
	}
	e := p.enqueue(c)
	select {
	case <-e.turn:
		return c, nil
	case <-ctx.Done():
		c.Leave()
		return nil, context.Cause(ctx)
	}
}

func (p *Pool) enqueue(c *Client) *entry {
	p.lock.Lock()
	defer p.lock.Unlock()
	e := &entry{c, make(chan struct{})}
	p.queue = append(p.queue, e)
	p.admit()
	return e
}

// admit lets in who waits, as far as there is room.
func (p *Pool) admit() {
	for len(p.queue) > 0 && len(p.clients) < p.size {
		e := p.queue[0]
		p.queue = p.queue[1:]
		p.clients = append(p.clients, e.client)
		close(e.turn)
	}
	p.balance()
	if len(p.clients) > 1 && !p.serving {
		p.serving = true
		go p.serve()
	}
}

// leave takes all back from a build, whatever it has done with its tokens.
func (p *Pool) leave(c *Client) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.clients = slices.DeleteFunc(p.clients, func(other *Client) bool { return other == c })
	p.queue = slices.DeleteFunc(p.queue, func(e *entry) bool { return e.client == c })
	p.admit()
}

// serve balances the pipes as long as there are several. A single build has all tokens in its pipe from the beginning.
func (p *Pool) serve() {
	for {
		p.lock.Lock()
		if len(p.clients) < 2 {
			p.serving = false
			p.lock.Unlock()
			return
		}
		p.balance()
		debtors := p.debtors()
		p.lock.Unlock()
		debtors.await(interval)
	}
}

// interval is how often the pool looks at its pipes: far shorter than a compiler runs, and too long to cost anything.
const interval = 20 * time.Millisecond
