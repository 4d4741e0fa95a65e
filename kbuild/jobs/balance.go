package jobs

import (
	"cmp"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// grace is how long a build may keep tokens beyond its share that another one wants; then they count no more, and the other
	// gets new ones.
	grace = 5 * time.Second
	// pause is how long a build that let a token lie gets none that another one would have to give up.
	pause = 250 * time.Millisecond
)

// balance gives tokens to builds whose pipes are empty: free ones, those that lie unread elsewhere, and those of builds that
// hold more than their share.
func (p *Pool) balance() {
	defer p.publish()
	for _, c := range p.clients {
		c.look()
	}
	p.recount()
	wanting := p.wanting()
	for i, c := range wanting {
		if p.free() > 0 || p.gather(c) {
			left := len(wanting) - i
			c.give(min((p.free()+left-1)/left, c.most-c.held()))
		}
	}
}

// look sees what lies in the pipe, and what has lain there since the last look.
func (c *Client) look() {
	now := c.unread()
	c.calm, c.left = min(c.left, now), now
}

// free is how many tokens nobody has; below zero, how many there are too many, because a build has entered.
func (p *Pool) free() int {
	free := p.size
	for _, c := range p.clients {
		free -= c.held()
	}
	return free
}

// share is how many tokens every build may count on.
func (p *Pool) share() int { return max(1, p.size/max(1, len(p.clients))) }

// recount has kept tokens count again, as many as lie unread with builds for which they were replaced, and that do not need them.
func (p *Pool) recount() {
	for _, bad := range p.clients {
		for _, c := range p.clients {
			if n := min(bad.lost, c.calm); n > 0 {
				n = c.refuse(n, p.now())
				bad.lost, bad.lent = bad.lost-n, bad.lent+n
			}
		}
	}
}

// refuse takes back what has lain there.
func (c *Client) refuse(n int, now time.Time) int {
	c.refused = now
	return c.take(n)
}

// byHeld puts the builds first that hold most.
func byHeld(a, b *Client) int { return cmp.Compare(b.held(), a.held()) }

// wanting lists the builds whose pipes are empty, those first that hold least. One that has kept tokens gets no others.
func (p *Pool) wanting() (all []*Client) {
	for _, c := range slices.Backward(slices.SortedFunc(slices.Values(p.clients), byHeld)) {
		if (c.left == 0 || len(p.clients) == 1) && c.held() < c.most && c.lost == 0 {
			all = append(all, c)
		}
	}
	return all
}

// gather makes tokens free for a build, where others have what they do not need or what is beyond their share.
func (p *Pool) gather(to *Client) bool {
	others := slices.DeleteFunc(slices.SortedFunc(slices.Values(p.clients), byHeld), func(c *Client) bool { return c == to })
	for _, c := range others {
		if c.calm == 0 {
			continue
		}
		c.refuse((c.calm+1)/2, p.now())
		if p.free() > 0 {
			return true
		}
	}
	if to.held() >= p.share() || p.now().Sub(to.refused) < pause {
		return false
	}
	for _, c := range others {
		if p.claim(c, to) {
			break
		}
	}
	return p.free() > 0
}

// claim takes a token from a build that holds more than its share. Where that build does not let go of any the token is lost.
func (p *Pool) claim(from, to *Client) bool {
	if from.held() <= p.share() {
		from.owing = time.Time{}
		return false
	}
	if from.take(min(1, from.left)) > 0 {
		from.owing = time.Time{}
		return true
	}
	if from.owing.IsZero() {
		from.owing = p.now()
	}
	if p.now().Sub(from.owing) < grace || p.now().Sub(to.refused) < grace {
		return false
	}
	from.lent, from.lost, from.owing = from.lent-1, from.lost+1, p.now()
	return true
}

// debtors are the pipes where a token that comes back is wanted elsewhere.
func (p *Pool) debtors() (fds pipes) {
	needed := slices.ContainsFunc(p.clients, func(c *Client) bool {
		return c.left == 0 && c.held() < min(p.share(), c.most) && p.now().Sub(c.refused) >= pause
	})
	for _, c := range p.clients {
		if c.left == 0 && (c.lost > 0 || c.lent > 0 && p.free() < 0 || needed && c.held() > p.share()) {
			fds = append(fds, unix.PollFd{Fd: int32(c.pipe), Events: unix.POLLIN})
		}
	}
	return fds
}

type pipes []unix.PollFd

// await returns when there is something to read in one of the pipes, or at the latest after a time.
func (fds pipes) await(most time.Duration) { _, _ = unix.Poll(fds, int(most.Milliseconds())) }
