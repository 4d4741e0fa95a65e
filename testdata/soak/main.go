// Command soak does harm to mago on a clean Debian system, over and over: it kills it, fills its disks, has its system
// calls, apt and dpkg fail, sets dates wrong, and runs it many times at once. After each time it looks for what is
// lost, damaged or left over, and runs the same command again, which has to succeed. It ends with a table of counts,
// and with an error where any of them but the first is not 0.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options say how often each kind of harm is done, and by which dice.
type options struct {
	store    string
	only     string
	seed     uint64
	first    int
	kills    int
	disks    int
	faults   int
	failures int
	clocks   int
	crowd    int
	hostile  int
	fuzz     time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.store, "store", "soak-", "`name` of the store of test systems")
	flag.StringVar(&o.only, "only", "", "`parts` to do, separated by commas (default: all)")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "what all chances come from, to do a run again")
	flag.IntVar(&o.first, "first", 0, "number of the first try of each part, to do one again")
	flag.IntVar(&o.kills, "kills", 200, "how many times mago is killed")
	flag.IntVar(&o.disks, "disks", 50, "how many disks are full")
	flag.IntVar(&o.faults, "faults", 100, "how many times system calls fail")
	flag.IntVar(&o.failures, "failures", 30, "how many times apt or dpkg fails")
	flag.IntVar(&o.clocks, "clocks", 10, "how many times dates are wrong")
	flag.IntVar(&o.crowd, "crowd", 20, "how many run at once")
	flag.IntVar(&o.hostile, "hostile", 1, "how many times every hostile source and package is tried")
	flag.DurationVar(&o.fuzz, "fuzz", 10*time.Minute, "how long each fuzz target runs; 0: not at all")
	flag.Parse()
	if os.Getpid() != 1 {
		os.Exit(alone(o.seed))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := soak(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// chosen reports whether a part is to be done.
func (o options) chosen(name string) bool {
	if o.only == "" {
		return true
	}
	return slices.Contains(strings.Split(o.only, ","), name)
}
