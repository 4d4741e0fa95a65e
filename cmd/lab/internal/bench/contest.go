package bench

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"time"
)

// contest is two commands that do the same, and the lines of the table that come of running them.
type contest struct {
	lines   []line
	prepare func(context.Context) error // once; nil: nothing
	before  func(context.Context) error // each time before either runs; nil: nothing
	mago    func(context.Context) *exec.Cmd
	peer    func(context.Context) *exec.Cmd

	alone func(context.Context) (row string, err error) // what has no peer measures itself, on the system where it has a prepare; nil: there is a peer
}

// line is one line of the table: of what both sides took, that which is compared.
type line struct {
	what, aim string
	of        func(mago, peer taken) (a, b float64) // nil: the seconds of both
}

// taken is what a command took: its time, and the processors' time of all that it started, in seconds.
type taken struct{ wall, cpu float64 }

// spread compares the time of mago with that of a peer whose work would be spread over all processors without a gap.
func spread(mago, peer taken) (a, b float64) { return mago.wall, peer.cpu / float64(runtime.NumCPU()) }

// run gives the contest's lines. Memory is measured in a round that does not count, which also warms both sides up: to look at it takes
// processors' time, and makes the end of each process that was looked at slow.
func (c contest) run(ctx context.Context, rounds int) (rows []string, err error) {
	if c.prepare != nil {
		if err := c.prepare(ctx); err != nil {
			return nil, err
		}
	}
	if c.alone != nil {
		row, err := c.alone(ctx)
		return []string{row}, err
	}
	var memory int64
	if _, _, err := c.round(ctx, false, func(pid int, stop <-chan struct{}) { memory = watch(pid, stop) }); err != nil {
		return nil, err
	}
	var magos, peers []taken
	for i := range rounds {
		a, b, err := c.round(ctx, i%2 == 1, nil) // so that neither always runs on the warmer machine
		if err != nil {
			return nil, err
		}
		magos, peers = append(magos, a), append(peers, b)
	}
	for _, l := range c.lines {
		rows = append(rows, l.row(magos, peers, memory))
	}
	return rows, nil
}

// round runs both sides, mago first or last; beside runs next to mago.
func (c contest) round(ctx context.Context, last bool, beside func(pid int, stop <-chan struct{})) (mago, peer taken, err error) {
	if last {
		peer, err = c.once(ctx, c.peer, nil)
	}
	if err == nil {
		mago, err = c.once(ctx, c.mago, beside)
	}
	if err == nil && !last {
		peer, err = c.once(ctx, c.peer, nil)
	}
	return mago, peer, err
}

// row is the line of what was measured. Beside what is compared it has the ratio of the processors' time, on which nobody else who
// uses the machine tells.
func (l line) row(magos, peers []taken, memory int64) string {
	of := l.of
	if of == nil {
		of = func(mago, peer taken) (a, b float64) { return mago.wall, peer.wall }
	}
	var as, bs, ratios, work []float64
	for i := range magos {
		a, b := of(magos[i], peers[i])
		as, bs, ratios, work = append(as, a), append(bs, b), append(ratios, a/b), append(work, magos[i].cpu/peers[i].cpu)
	}
	return fmt.Sprintf("| %s | %.3f s | %.3f s | **%.3f** | %.3f | %s | %d MB |", l.what, median(as), median(bs), median(ratios), median(work), l.aim, memory/1e6)
}

// once runs a command and tells what it took. beside runs next to it, until it has ended; nil: nothing does.
func (c contest) once(ctx context.Context, command func(context.Context) *exec.Cmd, beside func(pid int, stop <-chan struct{})) (taken, error) {
	if c.before != nil {
		if err := c.before(ctx); err != nil {
			return taken{}, err
		}
	}
	var out bytes.Buffer
	cmd := command(ctx)
	cmd.Stdout, cmd.Stderr = &out, &out
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return taken{}, err
	}
	var watching sync.WaitGroup
	stop := make(chan struct{})
	if beside != nil {
		watching.Go(func() { beside(cmd.Process.Pid, stop) })
	}
	err := cmd.Wait()
	wall := time.Since(begun)
	close(stop)
	watching.Wait()
	if err != nil {
		return taken{}, fmt.Errorf("%q: %w:\n%s", cmd.Args, err, out.String())
	}
	return taken{wall.Seconds(), (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()}, nil
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
