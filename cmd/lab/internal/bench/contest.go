package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"
)

// contest is one line of the table: two commands that do the same.
type contest struct {
	what   string
	aim    string
	before func() error // each time before either runs; nil: nothing
	mago   func(context.Context) *exec.Cmd
	peer   func(context.Context) *exec.Cmd
}

func (l *lab) contests() []contest {
	on := func(args ...string) func(context.Context) *exec.Cmd {
		return func(ctx context.Context) *exec.Cmd { return l.Command(ctx, args...) }
	}
	build := on("mago", "-f", "-l", l.kernel, "build", "v4l2loopback")
	bare := on("sh", "-c", `rm -rf /tmp/b && cp -r /root/bare /tmp/b && make -j$(nproc) -C /lib/modules/`+l.kernel+`/build M=/tmp/b modules`)
	return []contest{
		{
			what: "`update` after apt's lists changed, against `m-a update`", aim: "0.25",
			before: l.forgetCaches, mago: on("mago", "update"), peer: on("m-a", "--text-mode", "update"),
		},
		{
			what: "`update` again, against `m-a update`", aim: "0.25",
			mago: on("mago", "update"), peer: on("m-a", "--text-mode", "update"),
		},
		{
			what: "`build -f v4l2loopback`, against bare `make -jN -C headers M=… modules`", aim: "1.25",
			mago: build, peer: bare,
		},
		{
			what: "`build -f v4l2loopback`, against `m-a -f build`", aim: "0.55",
			mago: build, peer: on("m-a", "--text-mode", "--non-inter", "-f", "-l", l.kernel, "build", "v4l2loopback"),
		},
		{
			what: "`a-i v4l2loopback` again, nothing to do, against `m-a a-i`", aim: "0.02",
			mago: on("mago", "-l", l.kernel, "a-i", "v4l2loopback"),
			peer: on("m-a", "--text-mode", "--non-inter", "-l", l.kernel, "a-i", "v4l2loopback"),
		},
		{
			what: "writing a .deb of 90 MB of modules, against `dpkg-deb -Zzstd`", aim: "1.00",
			mago: func(ctx context.Context) *exec.Cmd {
				return exec.CommandContext(ctx, os.Args[0], "bench", "write", l.Path("/srv/tree/lib/modules"), l.Path("/srv"))
			},
			peer: func(ctx context.Context) *exec.Cmd {
				return exec.CommandContext(ctx, "dpkg-deb", "-Zzstd", "--root-owner-group", "--build", l.Path("/srv/tree"), l.Path("/srv/peer.deb"))
			},
		},
	}
}

// forgetCaches leaves the system as a change of apt's lists does: apt's own binary cache and mago's index are out of date.
func (l *lab) forgetCaches() error {
	for _, name := range []string{"/var/cache/apt/pkgcache.bin", "/var/cache/apt/srcpkgcache.bin", "/var/cache/mago/index.json"} {
		if err := os.RemoveAll(l.Path(name)); err != nil {
			return err
		}
	}
	return nil
}

// run is the contest's line. Memory is measured in a round of its own, which also warms both sides up.
func (c contest) run(ctx context.Context) (row string, err error) {
	var memory int64
	if _, err := c.once(ctx, c.mago, func(pid int, stop <-chan struct{}) { memory = watch(pid, stop) }); err != nil {
		return "", err
	}
	if _, err := c.once(ctx, c.peer, nil); err != nil {
		return "", err
	}
	var mago, peer, ratios []float64
	for range rounds {
		a, err := c.once(ctx, c.mago, nil)
		if err != nil {
			return "", err
		}
		b, err := c.once(ctx, c.peer, nil)
		if err != nil {
			return "", err
		}
		mago, peer, ratios = append(mago, a.Seconds()), append(peer, b.Seconds()), append(ratios, a.Seconds()/b.Seconds())
	}
	return fmt.Sprintf("| %s | %.3f s | %.3f s | **%.3f** | %s | %d MB |",
		c.what, median(mago), median(peer), median(ratios), c.aim, memory/1e6), nil
}

// once runs a command and tells how long it took. beside runs next to it, until it has ended; nil: nothing does.
func (c contest) once(ctx context.Context, command func(context.Context) *exec.Cmd, beside func(pid int, stop <-chan struct{})) (time.Duration, error) {
	if c.before != nil {
		if err := c.before(); err != nil {
			return 0, err
		}
	}
	var out bytes.Buffer
	cmd := command(ctx)
	cmd.Stdout, cmd.Stderr = &out, &out
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
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
		return 0, fmt.Errorf("%q: %w:\n%s", cmd.Args, err, out.String())
	}
	return wall, nil
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
