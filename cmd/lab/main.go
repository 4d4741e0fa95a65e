// Command lab runs the programs that test mago on real Debians. Each is a package below internal; without arguments lab lists them.
// The end-to-end story is no program but the tests in internal/e2e, which "lab ci" runs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"mago/cmd/lab/internal/bench"
	"mago/cmd/lab/internal/ci"
	"mago/cmd/lab/internal/directives"
	"mago/cmd/lab/internal/fuzz"
	"mago/cmd/lab/internal/repro"
	"mago/cmd/lab/internal/soak"
	"mago/cmd/lab/internal/sweep"
)

// program is one of lab's. Run works until it is done or the context ends; the working directory is the source tree's top.
type program struct {
	name, does string
	run        func(ctx context.Context, args []string, stdout, stderr io.Writer) error
}

var programs = []program{
	{"ci", "run all tests: units, races, real builds, the end-to-end story, a short soak", ci.Run},
	{"fuzz", "run each fuzz target for some time", fuzz.Run},
	{"bench", "time mago against module-assistant, make and dpkg-deb", bench.Run},
	{"sweep", "build every module package of a Debian release, as tables", sweep.Run},
	{"directives", "have dkms and mago read every dkms.conf of a Debian release, and compare", directives.Run},
	{"repro", "build modules in several ways and compare the bytes", repro.Run},
	{"soak", "kill mago, fill its disks, attack it, and count what is lost", soak.Run},
	{"hostile", "soak's hostile sources and packages alone", soak.Hostile},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		list(stdout)
		return 0
	}
	i := slices.IndexFunc(programs, func(p program) bool { return p.name == args[0] })
	if i < 0 {
		fmt.Fprintf(stderr, "lab: no program %s\n", args[0])
		list(stderr)
		return 2
	}
	err := programs[i].run(ctx, args[1:], stdout, stderr)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	fmt.Fprintf(stderr, "%s: %v\n", args[0], err)
	return 1
}

func list(w io.Writer) {
	fmt.Fprintln(w, "usage: go run ./cmd/lab PROGRAM [ARG]…, at the top of the source tree")
	for _, p := range programs {
		fmt.Fprintf(w, "  %-10s %s\n", p.name, p.does)
	}
}
