// Command soak does harm to mago on a clean Debian system, over and over: it kills it, fills its disks, has its system
// calls, apt and dpkg fail, sets dates wrong, and runs it many times at once. After each time it looks for what is
// lost, damaged or left over, and runs the same command again, which has to succeed. It ends with a table of counts,
// and with an error where any of them but the first is not 0.
package soak

import (
	"context"
	"flag"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// options say how often each kind of harm is done, and by which dice.
type options struct {
	store    string
	only     string
	like     string
	seed     uint64
	first    int
	kills    int
	disks    int
	faults   int
	failures int
	clocks   int
	crowd    int
	hostile  int
	requests int
	fuzz     time.Duration
}

// Run does what the flags say, prints a table, and tells of each try on stderr.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, flags := options{}, flag.NewFlagSet("soak", flag.ContinueOnError)
	flags.StringVar(&o.store, "store", "soak-", "`name` of the store of test systems")
	flags.StringVar(&o.only, "only", "", "`parts` to do, separated by commas (default: all)")
	flags.StringVar(&o.like, "like", "", "kill, fill the disks of and fail only commands that have one of these `words`, separated by commas")
	flags.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "what all chances come from, to do a run again")
	flags.IntVar(&o.first, "first", 0, "number of the first try of each part, to do one again")
	flags.IntVar(&o.kills, "kills", 200, "how many times mago is killed")
	flags.IntVar(&o.disks, "disks", 50, "how many disks are full")
	flags.IntVar(&o.faults, "faults", 100, "how many times system calls fail")
	flags.IntVar(&o.failures, "failures", 30, "how many times apt or dpkg fails")
	flags.IntVar(&o.clocks, "clocks", 10, "how many times dates are wrong")
	flags.IntVar(&o.crowd, "crowd", 20, "how many run at once")
	flags.IntVar(&o.hostile, "hostile", 1, "how many times every hostile source and package is tried")
	flags.IntVar(&o.requests, "requests", 40, "how many times requests for signatures are changed on their way")
	flags.DurationVar(&o.fuzz, "fuzz", 10*time.Minute, "how long each fuzz target runs; 0: not at all")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if os.Getpid() != 1 {
		return alone(ctx, append(args, "-seed", strconv.FormatUint(o.seed, 10)), stdout, stderr)
	}
	return soak(ctx, o, stdout, stderr)
}

// Hostile runs the parts of hostile sources and packages alone.
func Hostile(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	return Run(ctx, append([]string{"-only=hostile,packages"}, args...), stdout, stderr)
}

// chosen reports whether a part is to be done.
func (o options) chosen(name string) bool {
	return o.only == "" || slices.Contains(strings.Split(o.only, ","), name)
}

// alike reports whether a command of mago's is one of those to be disturbed.
func (o options) alike(args []string) bool {
	return o.like == "" || slices.ContainsFunc(strings.Split(o.like, ","), func(word string) bool { return slices.Contains(args, word) })
}
