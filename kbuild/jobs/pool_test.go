package jobs

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// tried is a pool that balances only when a test says so, by a clock of the test's.
type tried struct {
	*Pool
	t     *testing.T
	clock time.Time
}

func try(t *testing.T, n int) *tried {
	p := &tried{NewPool(n), t, time.Unix(1, 0)}
	p.serving, p.now = true, func() time.Time { return p.clock }
	return p
}

func (p *tried) enter() *Client {
	p.t.Helper()
	c, err := p.Enter(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(c.Leave)
	return c
}

// look balances the pipes so many times.
func (p *tried) look(times int) {
	p.t.Helper()
	for range times {
		p.lock.Lock()
		p.balance()
		p.lock.Unlock()
		p.clock = p.clock.Add(interval)
	}
}

// work balances them so many times, while a build takes all that it gets.
func (p *tried) work(c *Client, times int) {
	p.t.Helper()
	for range times {
		p.look(1)
		if n := c.unread(); n > 0 {
			c.reads(p.t, n)
		}
	}
}

// lie wants so many tokens to lie in the pipes.
func (p *tried) lie(when string, want ...int) {
	p.t.Helper()
	for i, c := range p.clients {
		if n, err := unix.IoctlGetInt(c.pipe, unix.TIOCINQ); err != nil || n != want[i] {
			p.t.Errorf("%s: %d tokens lie in pipe %d, %v; want %v", when, n, i, err, want)
		}
	}
}

// reads has the makes of a build take tokens, and writes has them put some back.
func (c *Client) reads(t *testing.T, n int) {
	t.Helper()
	if got, err := unix.Read(int(c.ends[0].Fd()), make([]byte, n)); err != nil || got != n {
		t.Fatalf("got %d tokens, %v; want %d", got, err, n)
	}
}

func (c *Client) writes(t *testing.T, n int) {
	t.Helper()
	if _, err := c.ends[1].Write(make([]byte, n)); err != nil {
		t.Fatal(err)
	}
}

// TestAlone: a build that is alone has all tokens at once, and no less when others have come and gone.
func TestAlone(t *testing.T) {
	p := try(t, 4)
	a := p.enter()
	p.lie("at first", 3)
	b := p.enter()
	b.reads(t, 1)
	b.Leave()
	p.lie("at last", 3)
	a.Leave()
	if p.free() != 4 {
		t.Errorf("%d of 4 tokens are free", p.free())
	}
}

// TestUnreadMove: what lies unread goes to the build whose pipe is empty, and what is in use stays.
func TestUnreadMove(t *testing.T) {
	p := try(t, 8)
	configures, compiles := p.enter(), p.enter()
	p.work(compiles, 6)
	p.lie("one configures", 0, 0)
	if configures.held() != 1 || compiles.held() != 7 {
		t.Errorf("one that configures holds %d, one that compiles %d", configures.held(), compiles.held())
	}
	compiles.writes(t, 3)
	p.look(1)
	p.lie("just given back", 0, 3)
	p.look(1)
	p.lie("and not taken again", 2, 1)
}

// TestComesLate: a build enters at once though another one holds all tokens, and gets its share of those that come back.
func TestComesLate(t *testing.T) {
	p := try(t, 4)
	a := p.enter()
	a.reads(t, 3)
	b := p.enter()
	p.look(3)
	p.lie("all in use", 0, 0)
	a.writes(t, 1)
	if len(p.debtors()) != 1 {
		t.Error("nobody waits for the token that is owed")
	}
	p.look(1)
	if p.free() != 0 || b.held() != 1 {
		t.Errorf("the token of the one that has entered is owed: free %d, held %d", p.free(), b.held())
	}
	a.writes(t, 1)
	p.look(1)
	p.lie("another one came back", 0, 1)
}

// TestKeeps: a build that keeps all tokens costs others none for long, and gains nothing by giving them back at last.
func TestKeeps(t *testing.T) {
	p := try(t, 4)
	bad := p.enter()
	bad.reads(t, 3)
	good := p.enter()
	p.work(good, int(3*grace/interval)+4)
	if good.held() != 2 || bad.lost != 2 {
		t.Fatalf("an honest build holds %d of 4, a greedy one keeps %d", good.held(), bad.lost)
	}
	bad.writes(t, 3)
	p.look(1)
	p.lie("two were replaced", 1, 0)
	good.Leave()
	p.look(1)
	p.lie("alone again", 3)
}

// TestKeptAndNotNeeded: a token that was replaced for a build that turns out not to need it counts again.
func TestKeptAndNotNeeded(t *testing.T) {
	p := try(t, 4)
	compiles := p.enter()
	compiles.reads(t, 3)
	configures := p.enter()
	p.look(int(6*grace/interval) + 4)
	if compiles.lost > 1 || compiles.lent+compiles.lost != 3 || configures.held() > 2 {
		t.Errorf("lost %d, lent %d; the other holds %d", compiles.lost, compiles.lent, configures.held())
	}
}

// TestInvents: what a build writes that it never got is read away, and changes nobody's share.
func TestInvents(t *testing.T) {
	p := try(t, 4)
	bad, good := p.enter(), p.enter()
	bad.reads(t, bad.unread())
	if err := unix.SetNonblock(int(bad.ends[1].Fd()), true); err != nil {
		t.Fatal(err)
	}
	for written := 0; written < 100_000; {
		n, err := unix.Write(int(bad.ends[1].Fd()), make([]byte, 10_000))
		if err != nil && !errors.Is(err, unix.EAGAIN) {
			t.Fatal(err)
		}
		written += max(n, 10_000)
		p.look(1)
	}
	p.look(1)
	if n, _ := unix.IoctlGetInt(bad.pipe, unix.TIOCINQ); n > 3 || bad.held()+good.held() > 4 {
		t.Errorf("%d tokens lie in its pipe; it holds %d, the other one %d", n, bad.held(), good.held())
	}
	bad.Leave()
	p.look(1)
	if good.held() != 4 {
		t.Errorf("the one that stays holds %d of 4", good.held())
	}
}

// TestRestart: what was lost with a step's programs is there for the next step's.
func TestRestart(t *testing.T) {
	p := try(t, 4)
	a := p.enter()
	a.reads(t, 3)
	a.writes(t, 1)
	a.Restart()
	p.lie("anew", 3)
	fifo, err := unix.Dup(a.pipe)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.MoveTo(fifo); err != nil {
		t.Fatal(err)
	}
	p.lie("elsewhere", 3)
}

// TestAtMost: a build that may hold fewer gives back what is too much, and counts on no more processors; a later bound lifts none.
func TestAtMost(t *testing.T) {
	p := try(t, 8)
	a := p.enter()
	a.AtMost(2)
	p.lie("at most two", 1)
	a.AtMost(5)
	p.look(2)
	p.lie("at most two, still", 1)
	if share, err := ReadShare(a.Shares()); share != (Share{Held: 2, Cores: 2}) || err != nil {
		t.Errorf("its share is %+v, %v", share, err)
	}
	a.Restart()
	p.lie("in the next step", 1)
}

// TestEnterInOrder: as many builds enter as there are tokens; the others wait in their order, and may give up.
func TestEnterInOrder(t *testing.T) {
	p := try(t, 2)
	first := p.enter()
	p.enter()
	ctx, cancel := context.WithCancel(t.Context())
	entered := make(chan *Client)
	wait := func(ctx context.Context, place int) {
		go func() {
			c, _ := p.Enter(ctx)
			entered <- c
		}()
		for n := -1; n < place; {
			p.lock.Lock()
			n = len(p.queue)
			p.lock.Unlock()
		}
	}
	wait(ctx, 1)
	wait(t.Context(), 2)
	cancel()
	if c := <-entered; c != nil {
		t.Fatal("one that gave up has entered")
	}
	first.Leave()
	(<-entered).Leave()
}

// TestNothingIsLost has builds do anything in any order: the pool never gives more than it has, and at the end has all again.
func TestNothingIsLost(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		p := try(t, 1+random.IntN(8))
		for range 200 {
			switch n := len(p.clients); {
			case n < p.size && random.IntN(8) == 0:
				p.enter()
			case n == 0:
			case random.IntN(20) == 0:
				p.clients[random.IntN(n)].Leave()
			case random.IntN(2) == 0:
				if c := p.clients[random.IntN(n)]; c.unread() > 0 {
					c.reads(t, 1)
				}
			default:
				p.clients[random.IntN(n)].writes(t, random.IntN(3))
			}
			p.look(1)
			if entered := len(p.clients); p.free() < 0 && p.free() < -entered {
				t.Fatalf("%d builds have %d tokens too many", entered, -p.free())
			}
			for _, c := range p.clients {
				if c.lent < 0 || c.lost < 0 || c.held() > p.size {
					t.Fatalf("a build of %d: lent %d, lost %d", p.size, c.lent, c.lost)
				}
			}
		}
		for len(p.clients) > 0 {
			p.clients[0].Leave()
		}
		if p.free() != p.size {
			t.Fatalf("%d of %d tokens are free", p.free(), p.size)
		}
	}
}

// TestServes: the pool balances by itself as long as there are several builds.
func TestServes(t *testing.T) {
	p := NewPool(3)
	a, err := p.Enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b, err := p.Enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.reads(t, 1) // waits for what lies unread with the other
	b.writes(t, 1)
	a.Leave()
	b.Leave()
}
