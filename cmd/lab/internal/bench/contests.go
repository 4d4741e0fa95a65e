package bench

import (
	"context"
	"os"
	"os/exec"
	"slices"
)

// on is a command on the system.
func (l *lab) on(args ...string) func(context.Context) *exec.Cmd {
	return func(ctx context.Context) *exec.Cmd { return l.Command(ctx, args...) }
}

func (l *lab) contests() []contest {
	return slices.Concat(l.smallContests(), l.matrixContests(), []contest{l.headersContest(),
		{lines: []line{{what: manyAtOnce}}, prepare: l.matrix, alone: l.manyAtOnce}, {lines: []line{{what: largePlan}}, alone: plan}, {lines: []line{{what: reuseMatrix}}, alone: reuse},
	}, l.signContests())
}

// smallContests are of one module, one kernel.
func (l *lab) smallContests() []contest {
	build := l.on("mago", "-f", "-l", l.kernel, "build", "v4l2loopback")
	bare := l.on("sh", "-c", `rm -rf /tmp/b && cp -r /root/bare /tmp/b && make -j$(nproc) -C /lib/modules/`+l.kernel+`/build M=/tmp/b modules`)
	dahdi := l.on("mago", "-f", "-l", l.kernel, "build", "dahdi")
	return []contest{
		{
			lines:   []line{{what: "`update` after apt's lists changed, against `m-a update`", aim: "0.25"}},
			prepare: l.moduleAssistant, before: l.forgetCaches, mago: l.on("mago", "update"), peer: l.on("m-a", "--text-mode", "update"),
		},
		{
			lines:   []line{{what: "`update` again, against `m-a update`", aim: "0.25"}},
			prepare: l.moduleAssistant, mago: l.on("mago", "update"), peer: l.on("m-a", "--text-mode", "update"),
		},
		{
			lines: []line{{what: "`build -f v4l2loopback`, against bare `make -jN -C headers M=… modules`", aim: "1.10"}},
			mago:  build, peer: bare,
		},
		{
			lines:   []line{{what: "`build -f v4l2loopback`, against `m-a -f build`", aim: "0.55"}},
			prepare: l.moduleAssistant,
			mago:    build, peer: l.on("m-a", "--text-mode", "--non-inter", "-f", "-l", l.kernel, "build", "v4l2loopback"),
		},
		{
			lines:   []line{{what: "`a-i v4l2loopback` again, nothing to do, against `m-a a-i`", aim: "0.02"}},
			prepare: l.moduleAssistant,
			mago:    l.on("mago", "-l", l.kernel, "a-i", "v4l2loopback"),
			peer:    l.on("m-a", "--text-mode", "--non-inter", "-l", l.kernel, "a-i", "v4l2loopback"),
		},
		{
			lines:   []line{{what: "writing a .deb of 90 MB of modules, against `dpkg-deb -Zzstd`", aim: "1.00"}},
			prepare: l.modules,
			mago: func(ctx context.Context) *exec.Cmd {
				return exec.CommandContext(ctx, os.Args[0], "bench", "write", l.Path("/srv/tree/lib/modules"), l.Path("/srv"))
			},
			peer: func(ctx context.Context) *exec.Cmd {
				return exec.CommandContext(ctx, "dpkg-deb", "-Zzstd", "--root-owner-group", "--build", l.Path("/srv/tree"), l.Path("/srv/peer.deb"))
			},
		},
		{
			lines:   []line{{what: "`build -f dahdi`, against the two makes of its dkms.conf with `-jN`", aim: "1.05"}},
			prepare: l.dahdi, mago: dahdi,
			peer: l.on("sh", "-e", "-c", `rm -rf /tmp/d && cp -r /root/dahdi /tmp/d && cd /tmp/d
				export MAKEFLAGS=-j$(nproc) KVERS=`+l.kernel+`
				make modules MODULES_EXTRA='dahdi_dummy dahdi_echocan_oslec'
				make`),
		},
		{
			lines:   []line{{what: "`build -f dahdi`, against `m-a -f build`", aim: "0.60"}},
			prepare: l.dahdiForModuleAssistant, mago: dahdi,
			peer: l.on("m-a", "--text-mode", "--non-inter", "-f", "-l", l.kernel, "build", "dahdi"),
		},
	}
}

// forgetCaches leaves the system as a change of apt's lists does: apt's own binary cache and mago's index are out of date.
func (l *lab) forgetCaches(context.Context) error {
	for _, name := range []string{"/var/cache/apt/pkgcache.bin", "/var/cache/apt/srcpkgcache.bin", "/var/cache/mago/index.json"} {
		if err := os.RemoveAll(l.Path(name)); err != nil {
			return err
		}
	}
	return nil
}
