// Package sweep has mago build every module package of a Debian release for some of its kernels, installs and removes
// what comes out, boots the kernels in QEMU to load it, and writes tables of how all that went. With -peers it has dkms
// and module-assistant do the same. What is done is kept outside the source tree, so that another run goes on from there.
package sweep

import (
	"cmp"
	"context"
	"flag"
	"io"
	"path/filepath"
	"time"
)

// options are the command line.
type options struct {
	release, kernels, only, out string
	foretold                    string
	jobs                        int
	limit                       time.Duration
	withMago                    bool
	withPeers, withLoad         bool
	fresh, retry, reuse         bool
}

// tables is the file for them.
func (o options) tables() string {
	name := o.release
	if o.reuse {
		name += "-reuse"
	}
	return cmp.Or(o.out, filepath.Join("cmd/lab/internal/sweep", name+".md"))
}

// Run sweeps as the flags say, and tells of each row on stderr.
func Run(ctx context.Context, args []string, _, stderr io.Writer) error {
	o, flags := options{}, flag.NewFlagSet("sweep", flag.ContinueOnError)
	flags.StringVar(&o.release, "release", "bookworm", "Debian `release`")
	flags.StringVar(&o.kernels, "kernels", "", "kernel `releases`, separated by commas (default: the newest of each flavour and series)")
	flags.StringVar(&o.only, "only", "", "`globs` of package names, separated by commas (default: all)")
	flags.StringVar(&o.out, "out", "", "`file` for the tables (default cmd/lab/internal/sweep/RELEASE.md; with -reuse RELEASE-reuse.md)")
	flags.IntVar(&o.jobs, "jobs", 1, "modules worked on at a time")
	flags.DurationVar(&o.limit, "limit", 40*time.Minute, "for any one program")
	flags.BoolVar(&o.withMago, "mago", true, "have mago build what it has not built yet")
	flags.BoolVar(&o.reuse, "reuse", false, "have mago build for all plain kernels in one run, with the modules of other ones where they fit, and load these only")
	flags.BoolVar(&o.withPeers, "peers", false, "have dkms and module-assistant build the same")
	flags.BoolVar(&o.withLoad, "load", true, "load the modules in QEMU")
	flags.BoolVar(&o.fresh, "fresh", false, "do everything again")
	flags.BoolVar(&o.retry, "retry", false, "do again what has not gone well")
	flags.StringVar(&o.foretold, "foretold", "", "build nothing; compare a `file` of what \"mago check --json -l KERNEL PACKAGE…\" said with the tables")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.foretold != "" {
		return checkForetold(o.tables(), o.foretold, stderr)
	}
	return run(ctx, o, stderr)
}
