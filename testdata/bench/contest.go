package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
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
				return exec.CommandContext(ctx, os.Args[0], "write", l.Path("/srv/tree/lib/modules"), l.Path("/srv"))
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

// measured is one run of a command.
type measured struct {
	wall   time.Duration
	memory int64 // of the largest process, in bytes
}

func (c contest) run(ctx context.Context) (row string, err error) {
	var mago, peer, ratios []float64
	var memory int64
	for round := range rounds + 1 {
		a, err := c.measure(ctx, c.mago)
		if err != nil {
			return "", err
		}
		b, err := c.measure(ctx, c.peer)
		if err != nil {
			return "", err
		}
		if round == 0 {
			continue
		}
		mago, peer = append(mago, a.wall.Seconds()), append(peer, b.wall.Seconds())
		ratios, memory = append(ratios, a.wall.Seconds()/b.wall.Seconds()), max(memory, a.memory)
	}
	return fmt.Sprintf("| %s | %.3f s | %.3f s | **%.3f** | %s | %d MB |",
		c.what, median(mago), median(peer), median(ratios), c.aim, memory/1e6), nil
}

func (c contest) measure(ctx context.Context, command func(context.Context) *exec.Cmd) (measured, error) {
	if c.before != nil {
		if err := c.before(); err != nil {
			return measured{}, err
		}
	}
	cmd := command(ctx)
	begun := time.Now()
	out, err := cmd.CombinedOutput()
	wall := time.Since(begun)
	if err != nil {
		return measured{}, fmt.Errorf("%q: %w:\n%s", cmd.Args, err, out)
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return measured{wall: wall, memory: usage.Maxrss << 10}, nil
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
