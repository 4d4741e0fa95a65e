package jobs

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Client is a build's place in a pool.
type Client struct {
	pool *Pool
	ends [2]*os.File // what the build's makes read from, and write to
	pipe int         // the pool's own descriptor of the same pipe, whose blocking mode no build can change
	once sync.Once

	shares *os.File // tells its share
	told   Share    // what it tells

	most    int       // tokens that it may hold
	lent    int       // tokens in its pipe and with its makes, beside the implicit one
	lost    int       // tokens that it has kept too long, and that no longer count
	left    int       // tokens that lay in its pipe at the last look
	calm    int       // of these, those that lay there at the look before, too
	refused time.Time // when a token was last taken from its pipe that had lain there
	owing   time.Time // since when others want tokens of its; zero: they do not
}

func newClient(p *Pool) (*Client, error) {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return nil, fmt.Errorf("make a jobserver's pipe: %w", err)
	}
	c := &Client{pool: p, most: p.size, ends: [2]*os.File{os.NewFile(uintptr(ends[0]), "jobserver"), os.NewFile(uintptr(ends[1]), "jobserver")}}
	var err error
	if c.pipe, err = unix.Open("/proc/self/fd/"+strconv.Itoa(ends[0]), unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0); err != nil {
		return nil, errors.Join(fmt.Errorf("open a jobserver's pipe: %w", err), c.closeEnds())
	}
	if c.shares, err = newShares(); err != nil {
		return nil, errors.Join(err, c.closeEnds(), unix.Close(c.pipe))
	}
	return c, nil
}

func (c *Client) closeEnds() error { return errors.Join(c.ends[0].Close(), c.ends[1].Close()) }

// Files are the ends of the build's pipe, for its makes to read from and to write to.
func (c *Client) Files() []*os.File { return c.ends[:] }

// Shares is a file that tells the build's share at any time; see ReadShare.
func (c *Client) Shares() *os.File { return c.shares }

// Restart is for the time when no program of the build runs: what the last ones have kept counts no more.
func (c *Client) Restart() {
	c.pool.lock.Lock()
	defer c.pool.lock.Unlock()
	c.restart()
}

func (c *Client) restart() {
	for c.read(1<<16) > 0 {
	}
	c.lent, c.lost, c.left, c.calm = 0, 0, 0, 0
	c.pool.balance()
}

// MoveTo is a Restart after which makes find the tokens in another pipe, a named one, which is the client's from now on.
func (c *Client) MoveTo(fifo int) error {
	c.pool.lock.Lock()
	defer c.pool.lock.Unlock()
	err := unix.Close(c.pipe)
	c.pipe = fifo
	c.restart()
	return err
}

// Leave gives back all that the build holds. It may be called again.
func (c *Client) Leave() {
	c.once.Do(func() {
		c.pool.leave(c)
		_ = errors.Join(c.closeEnds(), unix.Close(c.pipe), c.shares.Close())
	})
}

// AtMost has the build hold no more than n tokens, at least one, and no more than an earlier call let it.
func (c *Client) AtMost(n int) {
	c.pool.lock.Lock()
	defer c.pool.lock.Unlock()
	c.most = min(c.most, max(n, 1))
	c.take(c.held() - c.most)
	c.pool.publish()
}

// held counts the tokens that the build has, the implicit one among them.
func (c *Client) held() int { return 1 + c.lent }

// unread counts the tokens that lie in the pipe. What the build has put there beyond what it got is read away, and what no longer
// counts.
func (c *Client) unread() int {
	n, err := unix.IoctlGetInt(c.pipe, unix.TIOCINQ)
	if err != nil {
		return 0
	}
	if away := max(n-c.lent, min(n, c.lost)); away > 0 {
		got := c.read(away)
		c.lost, n = c.lost-min(c.lost, got), n-got
	}
	return min(n, c.lent)
}

// read takes bytes out of the pipe, as far as nobody was quicker.
func (c *Client) read(n int) int {
	if n <= 0 {
		return 0
	}
	got, err := unix.Read(c.pipe, make([]byte, n))
	if err != nil {
		return 0
	}
	return got
}

// give puts tokens into the pipe.
func (c *Client) give(n int) {
	tokens := make([]byte, n)
	for i := range tokens {
		tokens[i] = '+' // as make's own
	}
	if given, err := unix.Write(c.pipe, tokens); err == nil {
		c.lent, c.left = c.lent+given, c.left+given
	}
}

// take takes unread tokens back.
func (c *Client) take(n int) int {
	taken := c.read(min(n, c.lent))
	c.lent -= taken
	c.left = max(0, c.left-taken)
	c.calm = min(c.calm, c.left)
	return taken
}
