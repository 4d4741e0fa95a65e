// Command sweep has mago build every module package of a Debian release for some of its kernels, installs and removes
// what comes out, boots the kernels in QEMU to load it, and writes tables of how all that went. With -peers it has dkms
// and module-assistant do the same. What is done is kept outside the source tree, so that another run goes on from there.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// options are the command line.
type options struct {
	release, kernels, only, out string
	jobs                        int
	limit                       time.Duration
	withMago                    bool
	withPeers, withLoad         bool
	fresh, retry                bool
}

func main() {
	var o options
	flag.StringVar(&o.release, "release", "bookworm", "Debian `release`")
	flag.StringVar(&o.kernels, "kernels", "", "kernel `releases`, separated by commas (default: the newest of each flavour and series)")
	flag.StringVar(&o.only, "only", "", "`globs` of package names, separated by commas (default: all)")
	flag.StringVar(&o.out, "out", "", "`file` for the tables (default testdata/sweep/RELEASE.md)")
	flag.IntVar(&o.jobs, "jobs", 1, "modules worked on at a time")
	flag.DurationVar(&o.limit, "limit", 40*time.Minute, "for any one program")
	flag.BoolVar(&o.withMago, "mago", true, "have mago build what it has not built yet")
	flag.BoolVar(&o.withPeers, "peers", false, "have dkms and module-assistant build the same")
	flag.BoolVar(&o.withLoad, "load", true, "load the modules in QEMU")
	flag.BoolVar(&o.fresh, "fresh", false, "do everything again")
	flag.BoolVar(&o.retry, "retry", false, "do again what has not gone well")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "sweep:", err)
		os.Exit(1)
	}
}
